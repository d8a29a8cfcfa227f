/** Which items the ERP dialog is about; null while it is closed. */
import { create } from 'zustand'

export const useInterface = create<{ codes: readonly string[] | null }>(() => ({ codes: null }))
