import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { DndContext } from '@dnd-kit/core'
import { act, fireEvent, render, screen, within } from '@testing-library/react'
import { beforeEach, expect, test, vi } from 'vitest'
import { switchLanguage } from '@/i18n'
import { SAMPLE, step } from '@/testing/samples'
import { reasonsOf } from '../store/operation'
import { activeDocument, useRouting } from '../store/routingStore'
import { CanvasPanel } from './CanvasPanel'

const EVIDENCE = {
  SUPPORT: 0.92,
  BELIEF: 0.97,
  LEARNED: 0.99,
  TIME_BELIEF: 0.84,
  CONFIDENCE: 0.71,
  SAMPLES: 12,
  RUN_TIME_OPTIMAL: 11.5,
  RUN_TIME_STANDARD: 14.4,
  RUN_TIME_SAFE: 19.25,
  NEIGHBOURS_FOR: ['SLS-7', 'SLS-8'],
  NEIGHBOURS_AGAINST: ['SLS-9'],
  REASONS: [
    { feature: 'OUTDIAMETER', value: '30' },
    { feature: 'ITEM_MATERIAL', value: 'SUS 304, L' },
    { feature: 'PART_TYPE', value: null },
  ],
  CHANGES: [{ feature: 'ITEM_MATERIAL', value: 'AL', items: 3, of: 4 }],
}

function show(evidence: Record<string, unknown> | null, metrics: Record<string, unknown> = {}) {
  const [routing] = SAMPLE.items
  if (!routing) throw new Error('no sample')
  const operations = [
    step(10, 'SAW', '톱절단'),
    step(20, 'TUR', '선삭 1차', 36.2, 14.4, { EVIDENCE: evidence }),
  ]
  useRouting
    .getState()
    .showPrediction({ items: [{ ...routing, operations }], candidates: [], metrics }, false)
  return render(
    <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
      <DndContext>
        <CanvasPanel />
      </DndContext>
    </QueryClientProvider>,
  )
}

const select = () => fireEvent.click(screen.getByRole('group', { name: /2번째 공정/ }))
const evidence = () => within(screen.getByRole('region', { name: '추천 근거' }))

beforeEach(() => {
  useRouting.getState().reset()
  window.history.replaceState(null, '', '/routing')
  vi.stubGlobal('fetch', () =>
    Promise.resolve(new Response(JSON.stringify({ items: [], candidates: [], metrics: {} }))),
  )
})

test('an operation that is selected shows why it is proposed', () => {
  show(EVIDENCE)
  expect(screen.getByText(/공정을 선택하면 추천 근거/)).toBeTruthy()
  select()
  expect(evidence().getByText('필요 확률 97%')).toBeTruthy()
  expect(evidence().getByText(/유사 품목 3개 중 2개에 이 공정이 있습니다.*지지도 92%/)).toBeTruthy()
  expect(evidence().getByText(/학습한 모델은 99%로/).textContent).toContain(
    '외경 = 30 · 재질 = SUS 304, L · 부품 유형 = 없음',
  )
  expect(evidence().getByText(/이 공정이 없는 유사 품목 4개 중 3개는 재질 = AL/)).toBeTruthy()
  expect(evidence().getByText('84%')).toBeTruthy()
  expect(evidence().getByText('12')).toBeTruthy()
})

test('a neighbour opens in the master data', () => {
  show(EVIDENCE)
  select()
  const against = evidence().getByRole('list', { name: '이 공정이 없는 유사 품목' })
  fireEvent.click(within(against).getByRole('button', { name: 'SLS-9' }))
  expect(window.location.pathname + window.location.search).toBe('/master-data?item=SLS-9')
})

test('a time of the range is used with one click, and taken back', () => {
  show(EVIDENCE)
  select()
  fireEvent.click(evidence().getByRole('button', { name: /가공 안전/ }))
  const run = () => activeDocument(useRouting.getState())?.operations.present[1]?.run
  expect(run()).toBe(19.25)
  act(() => useRouting.getState().undo())
  expect(run()).toBe(14.4)
})

test('an operation too rare to be learned rests on the neighbours alone', () => {
  show({ ...EVIDENCE, LEARNED: null, REASONS: [] })
  select()
  expect(evidence().getByText(/드문 공정이라/)).toBeTruthy()
})

test('an operation without evidence says so', async () => {
  show(null)
  select()
  expect(await evidence().findByText(/근거를 제시할 수 없습니다/)).toBeTruthy()
})

test('warnings of an item come in the language that was chosen', async () => {
  const warnings = [
    { item_code: 'SLS-1', reason: 'UNLIKE_TRAINING_DATA', message: 'SLS-1 is unlike every item' },
    { item_code: 'SLS-1', reason: 'SOMETHING_NEW', message: 'Something new' },
    { item_code: 'OTHER', reason: 'NO_FEATURES', message: 'No feature' },
  ]
  show(EVIDENCE, { warnings, unlike_training_data: ['SLS-1'] })
  const texts = () => screen.getAllByRole('listitem').map((one) => one.textContent ?? '')
  expect(texts().filter((text) => text.startsWith('SLS-1: '))).toEqual([
    'SLS-1: 학습 데이터에 비슷한 품목이 없습니다. 피처를 확인하고, 추천을 그대로 쓰지 마세요.',
    'SLS-1: Something new',
  ])
  await act(() => switchLanguage('en'))
  expect(texts().some((text) => text.startsWith('SLS-1: Nothing in the training data'))).toBe(true)
  await act(() => switchLanguage('ko'))
})

test('a prediction without routings says why on the canvas', () => {
  show(EVIDENCE)
  const warnings = [{ item_code: 'BARE-1', reason: 'NO_FEATURES', message: '' }]
  act(() => useRouting.getState().showPrediction({ items: [], candidates: [], metrics: { warnings } }, false))
  expect(screen.getByRole('list', { name: '예측 경고' }).textContent).toContain(
    'BARE-1: 알려진 피처가 없어 예측하지 않았습니다',
  )
})

test('features are read from the reason; a reason without features has none', () => {
  expect(reasonsOf(EVIDENCE.REASONS)).toEqual([
    { feature: 'OUTDIAMETER', value: '30' },
    { feature: 'ITEM_MATERIAL', value: 'SUS 304, L' },
    { feature: 'PART_TYPE', value: null },
  ])
  expect(reasonsOf([])).toEqual([])
  expect(reasonsOf(null)).toEqual([])
})
