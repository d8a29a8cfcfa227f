import type { UseQueryResult } from '@tanstack/react-query'
import { render, screen } from '@testing-library/react'
import { expect, test, vi } from 'vitest'
import { OfflineError } from '@/api/errors'
import { QueryPanel } from './PanelState'

const query = (facts: object) => facts as UseQueryResult<string>
const WAITING = query({ data: undefined, isError: false })
const FAILED = query({
  data: undefined,
  isError: true,
  error: new OfflineError('/api/x'),
  refetch: vi.fn(),
})

test('a panel whose question waits for another says so when that one fails', () => {
  const { rerender } = render(
    <QueryPanel query={WAITING} after={WAITING}>
      {(data) => data}
    </QueryPanel>,
  )
  expect(screen.getByRole('status', { name: '불러오는 중' })).toBeTruthy()
  rerender(
    <QueryPanel query={WAITING} after={FAILED}>
      {(data) => data}
    </QueryPanel>,
  )
  expect(screen.getByRole('alert').textContent).toContain('서버에 연결할 수 없습니다')
})

test('data stays visible when a later refresh fails', () => {
  render(
    <QueryPanel query={query({ data: 'figures', isError: true, error: new Error() })} after={FAILED}>
      {(data) => data}
    </QueryPanel>,
  )
  expect(screen.getByText('figures')).toBeTruthy()
})
