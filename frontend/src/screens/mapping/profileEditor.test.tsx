import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act, fireEvent, render, renderHook, screen, waitFor } from '@testing-library/react'
import type { ReactNode } from 'react'
import { beforeEach, expect, test, vi } from 'vitest'
import type { OutputProfile } from '@/api/mapping'
import { confirmLeaving, hasUnsavedWork } from '@/session/leaving'
import { sessionText } from '@/session/texts'
import { QuestionDialog } from '@/ui/confirm'
import { useProfileEditor } from './useProfileEditor'

const STORED = {
  name: 'Plant',
  revision: 3,
  active: true,
  built_in: false,
  valid: true,
  profile: { name: 'Plant', description: '', columns: [] },
}

beforeEach(() => {
  vi.stubGlobal('fetch', (path: string) =>
    Promise.resolve(new Response(JSON.stringify(path.endsWith('-profiles') ? { items: [STORED] } : STORED))),
  )
})

function open() {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  )
  return renderHook(() => useProfileEditor<OutputProfile>('output'), { wrapper })
}

test('an edited profile is still there after another menu was visited, and guarded', async () => {
  const first = open()
  await waitFor(() => expect(first.result.current.profile?.name).toBe('Plant'))
  expect(hasUnsavedWork()).toBe(false)
  act(() => first.result.current.change({ description: 'for the ERP' }))
  first.unmount()
  expect(hasUnsavedWork()).toBe(true)

  const again = open()
  expect(again.result.current.dirty).toBe(true)
  expect(again.result.current.profile?.description).toBe('for the ERP')

  render(<QuestionDialog />)
  const leaving = confirmLeaving()
  fireEvent.click(await screen.findByText(sessionText('leave')))
  await act(() => leaving)
  expect(again.result.current.dirty).toBe(false)
  expect(hasUnsavedWork()).toBe(false)
})
