import { render, screen } from '@testing-library/react'
import { lazy, Suspense } from 'react'
import { expect, test, vi } from 'vitest'
import { useConnection } from '@/api/connection'
import { describeError } from '@/api/errors'
import { CrashGuard } from '@/app/CrashGuard'
import { fetchPart, ScriptError } from './scripts'

test('a part that cannot be fetched says so and offers to reload, once the server answers', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const Missing = lazy(() =>
    fetchPart(() => Promise.reject(new TypeError('Failed to fetch dynamically imported module: /x.js'))),
  )
  render(
    <CrashGuard>
      <Suspense fallback="waiting">
        <Missing />
      </Suspense>
    </CrashGuard>,
  )
  const told = await screen.findByRole('alert')
  expect(told.textContent).toContain('화면의 일부를 불러오지 못했습니다')
  expect(told.textContent).not.toContain('x.js')

  const reload = vi.fn()
  vi.spyOn(window.location, 'reload').mockImplementation(reload)
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('refused')))
  screen.getByRole('button', { name: '다시 불러오기' }).click()
  await vi.waitFor(() => expect(useConnection.getState().online).toBe(false))
  expect(reload).not.toHaveBeenCalled()
  await vi.waitFor(() =>
    expect(screen.getByRole<HTMLButtonElement>('button', { name: '다시 불러오기' }).disabled).toBe(false),
  )
  vi.stubGlobal('fetch', () => Promise.resolve(new Response('{}')))
  screen.getByRole('button', { name: '다시 불러오기' }).click()
  await vi.waitFor(() => expect(reload).toHaveBeenCalled())
})

test('an action whose part cannot be fetched is told in the words of the screen', () => {
  expect(describeError(new ScriptError('x'))).toContain('화면의 일부를 불러오지 못했습니다')
})
