import { render, screen } from '@testing-library/react'
import { QueryClientProvider } from '@tanstack/react-query'
import { expect, test, vi } from 'vitest'
import { queryClient } from '@/api/queryClient'
import { fetchMenusWhenIdle, fetchScreenAt, MENUS, PROJECTOR } from './menus'

const menu = (id: string) => {
  const found = MENUS.find((one) => one.id === id)
  if (!found) throw new Error(`no menu ${id}`)
  return found
}

test('a screen whose script has been fetched shows at once, without the waiting rows', async () => {
  vi.stubGlobal('fetch', () => new Promise(() => undefined))
  const master = menu('master-data')
  await master.load()
  const Component = master.component
  render(
    <QueryClientProvider client={queryClient}>
      <Component />
    </QueryClientProvider>,
  )
  expect(screen.getByRole('textbox', { name: 'Item Codes' })).toBeTruthy()
})

test('the screen of the address is fetched before anything is known of the session', async () => {
  const waiting = PROJECTOR.component
  fetchScreenAt('/projector')
  await vi.waitFor(() => expect(PROJECTOR.component).not.toBe(waiting))
  fetchScreenAt('/not-a-screen')
})

test('menus that are left before the page was idle are not fetched', () => {
  vi.useFakeTimers()
  const load = vi.spyOn(menu('options'), 'load')
  const stop = fetchMenusWhenIdle()
  stop()
  vi.advanceTimersByTime(60_000)
  vi.useRealTimers()
  expect(load).not.toHaveBeenCalled()
})
