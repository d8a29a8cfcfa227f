import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { DndContext } from '@dnd-kit/core'
import { fireEvent, render, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import type { ReactNode } from 'react'
import { beforeEach, expect, test, vi } from 'vitest'
import { SAMPLE, step } from '@/testing/samples'
import { CandidatePanel } from './candidates/CandidatePanel'
import { CanvasPanel } from './canvas/CanvasPanel'
import { RoutingTabs } from './canvas/RoutingTabs'
import { GroupPanel } from './groups/GroupPanel'
import { SaveBar } from './worklist/SaveBar'
import { ItemInputs } from './inputs/ItemInputs'
import { activeDocument, useRouting } from './store/routingStore'

const codes = () =>
  activeDocument(useRouting.getState())?.operations.present.map((operation) => operation.code) ?? []
const calls: { path: string; method: string; body: unknown }[] = []

function show(children: ReactNode) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  return render(
    <QueryClientProvider client={client}>
      <DndContext>{children}</DndContext>
    </QueryClientProvider>,
  )
}

beforeEach(() => {
  calls.length = 0
  useRouting.getState().reset()
  useRouting.getState().showPrediction(SAMPLE, false)
  vi.stubGlobal('fetch', (path: string, init?: RequestInit) => {
    const body = typeof init?.body === 'string' ? (JSON.parse(init.body) as unknown) : undefined
    const method = init?.method ?? 'GET'
    calls.push({ path, method, body })
    if (path.startsWith('/api/predict')) return Promise.resolve(new Response(JSON.stringify(SAMPLE)))
    if (path.startsWith('/api/routing/groups') && method === 'POST') {
      return Promise.resolve(
        new Response(
          JSON.stringify({ group_id: 'g1', group_name: 'LINE A', owner: 'me', version: 1, updated_at: '' }),
          { status: 201 },
        ),
      )
    }
    if (path.startsWith('/api/routing/groups')) {
      return Promise.resolve(
        new Response(JSON.stringify({ items: [], pagination: { limit: 20, offset: 0, total: 0 } })),
      )
    }
    return Promise.resolve(new Response('{"detail":"Not Found"}', { status: 404 }))
  })
})

test('Enter and double click on a candidate add it after the selected operation, or at the end', async () => {
  show(<CandidatePanel />)
  const lapping = await screen.findByRole('button', { name: /LAP/ })
  fireEvent.keyDown(lapping, { key: 'Enter' })
  expect(codes()).toEqual(['SAW', 'TUR', 'INS', 'LAP'])
  useRouting.getState().select(activeDocument(useRouting.getState())?.operations.present[0]?.id ?? null)
  fireEvent.doubleClick(lapping)
  expect(codes()).toEqual(['SAW', 'LAP', 'TUR', 'INS', 'LAP'])
})

test('candidates are filtered by code and description', async () => {
  const user = userEvent.setup()
  show(<CandidatePanel />)
  await user.type(screen.getByRole('searchbox'), '래핑')
  expect(screen.getAllByRole('button', { name: /^후보 공정/ })).toHaveLength(1)
  await user.type(screen.getByRole('searchbox'), 'xyz')
  expect(screen.getByText('검색과 일치하는 공정이 없습니다')).toBeTruthy()
})

test('cards move, go away and come back by keyboard', () => {
  show(
    <>
      <CanvasPanel />
      <SaveBar />
    </>,
  )
  const cards = () => screen.getAllByRole('group', { name: /번째 공정/ })
  const [first] = cards()
  if (!first) throw new Error('no card')
  first.focus()
  fireEvent.keyDown(first, { key: 'ArrowRight', altKey: true })
  expect(codes()).toEqual(['TUR', 'SAW', 'INS'])
  const moved = cards()[1]
  if (!moved) throw new Error('no card')
  fireEvent.keyDown(moved, { key: 'Delete' })
  expect(codes()).toEqual(['TUR', 'INS'])
  expect(screen.getByTestId('unsaved-mark').textContent).toContain('저장하지 않은')
  fireEvent.click(screen.getByRole('button', { name: 'Undo' }))
  fireEvent.click(screen.getByRole('button', { name: 'Undo' }))
  expect(codes()).toEqual(['SAW', 'TUR', 'INS'])
  expect(screen.getByTestId('unsaved-mark').textContent).toContain('변경 없음')
})

test('times are edited in place; text that is no number is refused', async () => {
  const user = userEvent.setup()
  show(<CanvasPanel />)
  await user.click(screen.getByRole('button', { name: /SAW 톱절단 시간 편집/ }))
  const dialog = await screen.findByRole('dialog')
  const run = within(dialog).getByLabelText(/가공/)
  await user.clear(run)
  await user.type(run, 'abc')
  await user.click(within(dialog).getByRole('button', { name: '적용' }))
  expect(within(dialog).getByText(/숫자가 아닙니다/)).toBeTruthy()
  expect(activeDocument(useRouting.getState())?.operations.past).toHaveLength(0)
  await user.clear(run)
  await user.type(run, '12.5')
  await user.click(within(dialog).getByRole('button', { name: '적용' }))
  expect(activeDocument(useRouting.getState())?.operations.present[0]?.run).toBe(12.5)
})

test('tabs switch between the routings with arrow keys', () => {
  show(<RoutingTabs />)
  fireEvent.keyDown(screen.getByRole('tab', { selected: true }), { key: 'ArrowRight' })
  expect(screen.getByRole('tab', { selected: true }).textContent).toContain('SLS-1_C02')
})

test('more than 50 pasted codes are cut with a notice, and the first 50 are asked for', async () => {
  const user = userEvent.setup()
  show(<ItemInputs />)
  fireEvent.change(screen.getByLabelText('품목 코드 목록'), {
    target: { value: Array.from({ length: 70 }, (_, index) => `IT-${index}`).join('\n') },
  })
  expect(screen.getByText(/20건은 제외/)).toBeTruthy()
  await user.click(screen.getByRole('button', { name: '추천 실행' }))
  const body = calls.find((call) => call.path === '/api/predict')?.body as {
    item_codes: string[]
    with_evidence: boolean
  }
  expect(body.item_codes).toHaveLength(50)
  expect(body.with_evidence).toBe(true)
})

test('a routing is saved as a group under a name of 2 characters or more', async () => {
  const user = userEvent.setup()
  show(<GroupPanel />)
  expect(screen.getByLabelText<HTMLInputElement>('그룹 이름').value).toMatch(/^SLS-1 \d{4}-\d\d-\d\d$/)
  await user.clear(screen.getByLabelText('그룹 이름'))
  await user.type(screen.getByLabelText('그룹 이름'), 'L')
  await user.click(screen.getByRole('button', { name: /저장 \(CSV/ }))
  expect(screen.getByText('2자 이상 64자 이하로 입력하세요.')).toBeTruthy()
  await user.type(screen.getByLabelText('그룹 이름'), 'INE  A')
  await user.click(screen.getByRole('button', { name: /저장 \(CSV/ }))
  const saved = calls.find((call) => call.method === 'POST' && call.path === '/api/routing/groups')?.body as {
    group_name: string
    steps: { seq: number; process_code: string }[]
    proposals: { candidate_id: string; operations: unknown[] }[]
  }
  expect(saved.group_name).toBe('LINE A')
  expect(saved.steps.map((one) => `${one.seq} ${one.process_code}`)).toEqual(['1 SAW', '2 TUR', '3 INS'])
  await vi.waitFor(() => expect(activeDocument(useRouting.getState())?.group?.version).toBe(1))
  expect(saved.proposals.map((one) => [one.candidate_id, one.operations.length])).toEqual([['SLS-1_C01', 3]])
  await vi.waitFor(() =>
    expect(calls.map((call) => call.path)).toContain(
      '/api/routing/groups/g1/export?format=csv&target=server',
    ),
  )
})

test('names with markup are text, not elements', () => {
  const markup = '<img src=x onerror="alert(1)">'
  const [first] = SAMPLE.items
  if (!first) throw new Error('no sample')
  const operations = [step(10, markup, '<b>bold</b>')]
  useRouting
    .getState()
    .showPrediction({ ...SAMPLE, items: [{ ...first, ITEM_CD: markup, operations }] }, false)
  const { container } = show(
    <>
      <RoutingTabs />
      <CanvasPanel />
      <SaveBar />
    </>,
  )
  expect(container.querySelector('img')).toBeNull()
  expect(screen.getByText('<b>bold</b>')).toBeTruthy()
  expect(screen.getByRole('region', { name: '저장 상태' }).textContent).toContain(markup)
})

test('an item that is unlike the training data is marked on the canvas', () => {
  const metrics = { ...SAMPLE.metrics, unlike_training_data: ['SLS-1'] }
  useRouting.getState().showPrediction({ ...SAMPLE, metrics }, false)
  show(<CanvasPanel />)
  const warnings = screen.getByRole('list', { name: '예측 경고' })
  expect(warnings.textContent).toContain('SLS-1: 학습 데이터에 비슷한 품목이 없습니다')
})
