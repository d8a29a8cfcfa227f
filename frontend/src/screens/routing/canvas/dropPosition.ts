/** Where a dragged candidate would fall on the timeline, from 0; null while none is over it. */
import { createContext } from 'react'

export const DropPosition = createContext<number | null>(null)
