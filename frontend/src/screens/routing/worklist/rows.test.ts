import { beforeEach, expect, test } from 'vitest'
import type { PredictionResponse } from '@/api/types'
import { step } from '@/testing/samples'
import { operationOf } from '../store/operation'
import { hasUnsaved, useRouting } from '../store/routingStore'
import { reviewedCodes } from '../store/work'
import { fromDraft, readDraft, writeDraft } from '../store/draft'
import { differenceOf, isSame } from './difference'
import { DEFAULT_VIEW, filterCounts, visibleRows, workRows } from './rows'

const certain = (...codes: string[]) =>
  codes.map((code, place) => step(10 * place, code, code, 5, 10, { EVIDENCE: { BELIEF: 0.97 } }))
const doubtful = [...certain('SAW'), step(20, 'LAP', '래핑', 5, 10, { EVIDENCE: { BELIEF: 0.55 } })]
const PREDICTION = {
  items: [
    { ITEM_CD: 'I-10', CANDIDATE_ID: 'a', operations: certain('SAW', 'TUR') },
    { ITEM_CD: 'I-2', CANDIDATE_ID: 'b', operations: doubtful },
    { ITEM_CD: 'I-3', CANDIDATE_ID: 'c', operations: certain('SAW') },
  ],
  candidates: [],
  metrics: {
    unknown_items: ['NO'],
    warnings: [{ item_code: 'I-3', reason: 'BELOW_THRESHOLD', message: '' }],
  },
} as PredictionResponse

const rows = () => workRows(useRouting.getState(), new Map())
const shown = (view = {}) => visibleRows(rows(), { ...DEFAULT_VIEW, ...view }).map((row) => row.code)

beforeEach(() => {
  useRouting.getState().reset()
  useRouting.getState().showPrediction(PREDICTION, false)
})

test('what needs attention comes first, the least certain before the others', () => {
  expect(shown()).toEqual(['NO', 'I-2', 'I-3', 'I-10'])
  expect(rows().find((row) => row.code === 'I-2')?.confidence).toBe(0.55)
  expect(filterCounts(rows())).toMatchObject({ all: 4, attention: 3, certain: 1, open: 4 })
})

test('rows are sorted by the numbers in codes, filtered and searched', () => {
  expect(shown({ sort: 'code' })).toEqual(['I-2', 'I-3', 'I-10', 'NO'])
  expect(shown({ sort: 'code', descending: true })[0]).toBe('NO')
  expect(shown({ filter: 'certain' })).toEqual(['I-10'])
  expect(shown({ search: 'i-3' })).toEqual(['I-3'])
})

test('what is reviewed counts as unsaved until it is saved; items without a routing stay open', () => {
  const { review, markSaved } = useRouting.getState()
  review(['I-10', 'I-2', 'NO'])
  const codes = () => reviewedCodes(useRouting.getState().documents, useRouting.getState().work)
  expect(codes()).toEqual(['I-10', 'I-2'])
  expect(hasUnsaved(useRouting.getState())).toBe(true)
  const document = useRouting.getState().documents.find((one) => one.itemCode === 'I-2')
  if (!document) throw new Error('no document')
  markSaved(document.id, { id: 'g', name: 'G', version: 3 }, document.operations.present)
  expect(codes()).toEqual(['I-10'])
  useRouting.getState().markSent('I-2', 3)
  expect(rows().map((row) => row.state)).toEqual(['reviewed', 'sent', 'open', 'open'])
  review(['I-10'], false)
  expect(hasUnsaved(useRouting.getState())).toBe(false)
})

test('reviews, warnings and figures come back with a draft', () => {
  useRouting.getState().review(['I-10'])
  const before = rows()
  writeDraft(sessionStorage, useRouting.getState())
  const stored = readDraft(sessionStorage)
  if (!stored) throw new Error('no draft')
  useRouting.getState().reset()
  useRouting.getState().restore(fromDraft(stored))
  expect(
    rows().map(({ code, state, confidence, warnings }) => ({ code, state, confidence, warnings })),
  ).toEqual(before.map(({ code, state, confidence, warnings }) => ({ code, state, confidence, warnings })))
})

test('a difference tells added, removed, moved and changed operations', () => {
  const routing = (...codes: string[]) => certain(...codes).map(operationOf)
  const now = routing('SAW', 'TUR', 'LAP', 'INS')
  expect(isSame(differenceOf(now, routing('SAW', 'TUR', 'LAP', 'INS')))).toBe(true)
  expect(differenceOf(now, routing('SAW', 'LAP', 'INS', 'MRK'))).toMatchObject({
    added: 1,
    removed: 1,
    moved: 0,
  })
  expect(differenceOf(now, routing('SAW', 'LAP', 'TUR', 'INS'))).toMatchObject({
    added: 0,
    removed: 0,
    moved: 1,
  })
  const slower = now.map((operation, place) => (place === 0 ? { ...operation, run: 99 } : operation))
  expect(differenceOf(now, slower)).toMatchObject({ times: 1, minutes: 89 })
})

test('300 operations in one routing are compared at once', () => {
  const long = Array.from({ length: 300 }, (_, place) => operationOf(step(place, `P${place}`, `P${place}`)))
  const started = performance.now()
  expect(isSame(differenceOf(long, [...long]))).toBe(true)
  expect(performance.now() - started).toBeLessThan(2000)
})
