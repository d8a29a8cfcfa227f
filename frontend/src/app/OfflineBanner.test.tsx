import { act, render, screen } from '@testing-library/react'
import { beforeEach, expect, test, vi } from 'vitest'
import { request } from '@/api/client'
import { probe, useConnection } from '@/api/connection'
import { Toasts } from '@/ui/toasts'
import { OfflineBanner } from './OfflineBanner'

beforeEach(() => useConnection.setState({ online: true }))

test('a server that goes away is told in a banner, which goes by itself when the server is back', async () => {
  let away = true
  vi.stubGlobal('fetch', () =>
    away ? Promise.reject(new TypeError('refused')) : Promise.resolve(new Response('{}')),
  )
  render(
    <>
      <OfflineBanner />
      <Toasts />
    </>,
  )
  await act(() => request('get', '/api/health').catch(() => undefined))
  expect(screen.getByRole('alert').textContent).toContain('서버에 연결할 수 없습니다')
  away = false
  await act(() => probe())
  expect(screen.queryByRole('alert')).toBeNull()
  expect(screen.getByText('서버에 다시 연결되었습니다.')).toBeTruthy()
})
