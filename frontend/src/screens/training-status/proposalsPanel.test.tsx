import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, test, vi } from 'vitest'
import type { ProposalReport } from '@/api/proposals'
import { ProposalsPanel } from './ProposalsPanel'

const NOTHING: ProposalReport = {
  reviews: 0,
  accepted: 0,
  acceptance_rate: null,
  operations: [],
  versions: [],
}
const operation = { proposed: 8, kept: 8, added: 0, removed: 0, moved: 0, times_edited: 0 }
const REPORT: ProposalReport = {
  reviews: 8,
  accepted: 6,
  acceptance_rate: 0.75,
  operations: [
    { ...operation, process_code: 'TUR', kept: 5, removed: 3, times_edited: 2 },
    { ...operation, process_code: 'INS' },
  ],
  versions: [
    { model_version: 'v2', reviews: 5, accepted: 4, acceptance_rate: 0.8 },
    { model_version: '', reviews: 3, accepted: 2, acceptance_rate: 2 / 3 },
  ],
}

function show(answer: (path: string) => Response) {
  const asked: string[] = []
  vi.stubGlobal('fetch', (path: string) => {
    asked.push(path)
    return Promise.resolve(answer(path))
  })
  render(
    <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
      <ProposalsPanel />
    </QueryClientProvider>,
  )
  return asked
}

test('the report shows the acceptance rate, the versions and the operations that were changed', async () => {
  const asked = show(() => new Response(JSON.stringify(REPORT)))
  expect(await screen.findByText('75%')).toBeTruthy()
  expect(asked).toEqual(['/api/routing/proposals/report?days=90'])
  const versions = within(screen.getByRole('table', { name: '모델 버전별' }))
  expect(versions.getAllByRole('row').map((row) => row.textContent)).toEqual([
    '버전채택률검토 건수',
    'v280%5',
    '알 수 없음66.7%3',
  ])
  const operations = within(screen.getByRole('table', { name: '많이 고친 공정' }))
  expect(operations.getAllByRole('rowheader').map((cell) => cell.textContent)).toEqual(['TUR'])
  expect(operations.getByRole('row', { name: /TUR/ }).textContent).toBe('TUR5 / 8–3–2')
})

test('another period is asked for', async () => {
  const asked = show((path) => new Response(JSON.stringify(path.endsWith('days=7') ? NOTHING : REPORT)))
  await screen.findByText('75%')
  await userEvent.setup().selectOptions(screen.getByLabelText('기간'), '최근 7일')
  expect(await screen.findByText('이 기간에 검토한 추천이 없습니다')).toBeTruthy()
  expect(asked.at(-1)).toBe('/api/routing/proposals/report?days=7')
})

test('a report that cannot be read is told, and asked for again', async () => {
  let broken = true
  show(() =>
    broken
      ? new Response('{"detail":"The control database is locked"}', { status: 500 })
      : new Response(JSON.stringify(REPORT)),
  )
  expect((await screen.findByRole('alert')).textContent).toContain('The control database is locked')
  broken = false
  await userEvent.setup().click(within(screen.getByRole('alert')).getByRole('button'))
  expect(await screen.findByText('75%')).toBeTruthy()
})
