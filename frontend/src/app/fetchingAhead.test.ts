import { afterEach, beforeEach, expect, test, vi } from 'vitest'

beforeEach(() => {
  vi.resetModules()
  vi.useFakeTimers()
  vi.stubGlobal('requestIdleCallback', (go: () => void) => setTimeout(go, 0))
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.resetModules()
})

test('menus are not fetched while something that was asked for is under way', async () => {
  const { request } = await import('@/api/client')
  const { fetchMenusWhenIdle, MENUS } = await import('./menus')
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
})
