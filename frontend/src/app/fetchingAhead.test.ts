import { expect, test, vi } from 'vitest'
import { request } from '@/api/client'
import { fetchMenusWhenIdle, MENUS } from './menus'

test('menus are not fetched while something that was asked for is under way', async () => {
  vi.useFakeTimers()
  vi.stubGlobal('requestIdleCallback', (go: () => void) => setTimeout(go, 0))
  let answer = (_: Response) => {}
  vi.stubGlobal('fetch', () => new Promise<Response>((resolve) => (answer = resolve)))
  const first = MENUS[0]
  if (!first) throw new Error('there is no menu')
  const load = vi.spyOn(first, 'load').mockResolvedValue({ default: () => null })
  const asked = request('get', '/api/slow')
  const stop = fetchMenusWhenIdle()
  await vi.advanceTimersByTimeAsync(30_000)
  expect(load).not.toHaveBeenCalled()
  answer(new Response('{}'))
  await asked
  await vi.advanceTimersByTimeAsync(5000)
  expect(load).toHaveBeenCalled()
  stop()
  vi.useRealTimers()
})
