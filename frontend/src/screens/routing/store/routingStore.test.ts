import { beforeEach, describe, expect, test } from 'vitest'
import { SAMPLE } from '@/testing/samples'
import { fromDraft, readDraft, writeDraft } from './draft'
import type { OperationStep } from '@/api/types'
import { machineOf, operationOf, stepOf, totals, withMachine } from './operation'
import { isDirty } from './routingDocument'
import { activeDocument, hasUnsaved, useRouting } from './routingStore'

const codes = () =>
  activeDocument(useRouting.getState())?.operations.present.map((operation) => operation.code) ?? []
const operationAt = (position: number) => {
  const operation = activeDocument(useRouting.getState())?.operations.present[position]
  if (!operation) throw new Error(`no operation at ${position}`)
  return operation
}

beforeEach(() => {
  useRouting.getState().reset()
  useRouting.getState().showPrediction(SAMPLE, false)
})

describe('the canvas', () => {
  test('opens one tab per routing, the first active and nothing unsaved', () => {
    expect(useRouting.getState().documents.map((document) => document.candidateId)).toEqual([
      'SLS-1_C01',
      'SLS-1_C02',
    ])
    expect(codes()).toEqual(['SAW', 'TUR', 'INS'])
    expect(hasUnsaved(useRouting.getState())).toBe(false)
  })

  test('inserts a candidate where it falls and selects it', () => {
    const candidate = useRouting.getState().documents[1]?.baseline[1]
    if (!candidate) throw new Error('no candidate')
    useRouting.getState().insert(candidate, 2)
    expect(codes()).toEqual(['SAW', 'TUR', 'LAP', 'INS'])
    expect(useRouting.getState().selectedId).toBe(operationAt(2).id)
    expect(operationAt(2).id).not.toBe(candidate.id)
  })

  test('moves, removes and edits, and every step can be undone and redone', () => {
    const { move, remove, editTimes, undo, redo } = useRouting.getState()
    move(operationAt(0).id, 2)
    editTimes(operationAt(0).id, { run: 20 })
    remove(operationAt(1).id)
    expect(codes()).toEqual(['TUR', 'SAW'])
    for (let step = 0; step < 3; step++) undo()
    expect(codes()).toEqual(['SAW', 'TUR', 'INS'])
    for (let step = 0; step < 3; step++) redo()
    expect(codes()).toEqual(['TUR', 'SAW'])
    expect(operationAt(0).run).toBe(20)
  })

  test('keeps a thousand steps of history', () => {
    const { move, undo } = useRouting.getState()
    for (let step = 0; step < 1000; step++) move(operationAt(0).id, 2)
    for (let step = 0; step < 1000; step++) undo()
    expect(codes()).toEqual(['SAW', 'TUR', 'INS'])
  })

  test('counts going back to what was saved as no change', () => {
    useRouting.getState().move(operationAt(0).id, 1)
    expect(hasUnsaved(useRouting.getState())).toBe(true)
    useRouting.getState().undo()
    expect(hasUnsaved(useRouting.getState())).toBe(false)
  })

  test('records nothing when nothing changes', () => {
    useRouting.getState().move(operationAt(1).id, 1)
    useRouting.getState().editTimes(operationAt(1).id, { run: operationAt(1).run })
    expect(activeDocument(useRouting.getState())?.operations.past).toHaveLength(0)
  })

  test('keeps edited tabs through a new prediction when asked to', () => {
    useRouting.getState().remove(operationAt(0).id)
    useRouting.getState().showPrediction(SAMPLE, true)
    const documents = useRouting.getState().documents
    expect(documents).toHaveLength(2)
    expect(documents.filter(isDirty)).toHaveLength(1)
  })

  test('is unsaved again when it is edited while a save is under way', () => {
    const document = activeDocument(useRouting.getState())
    if (!document) throw new Error('no document')
    useRouting.getState().remove(operationAt(0).id)
    const sent = activeDocument(useRouting.getState())?.operations.present ?? []
    useRouting.getState().remove(operationAt(0).id)
    useRouting.getState().markSaved(document.id, { id: 'g', name: 'G', version: 1 }, sent)
    expect(hasUnsaved(useRouting.getState())).toBe(true)
    useRouting.getState().undo()
    expect(hasUnsaved(useRouting.getState())).toBe(false)
  })

  test('closes the active tab and shows the next', () => {
    const first = useRouting.getState().activeId
    if (first) useRouting.getState().close(first)
    expect(activeDocument(useRouting.getState())?.candidateId).toBe('SLS-1_C02')
  })
})

test('a draft comes back with its unsaved work and one step back to what was saved', () => {
  useRouting.getState().remove(operationAt(0).id)
  writeDraft(sessionStorage, useRouting.getState())
  const stored = readDraft(sessionStorage)
  if (!stored) throw new Error('no draft')
  useRouting.getState().reset()
  useRouting.getState().restore(fromDraft(stored))
  expect(codes()).toEqual(['TUR', 'INS'])
  expect(hasUnsaved(useRouting.getState())).toBe(true)
  useRouting.getState().undo()
  expect(codes()).toEqual(['SAW', 'TUR', 'INS'])
  expect(hasUnsaved(useRouting.getState())).toBe(false)
})

describe('an operation', () => {
  test('takes the estimate first, then the recorded times', () => {
    const operation = operationOf({ PROC_SEQ: 10, JOB_NM: '선삭', ACT_SETUP_TIME: 4, ACT_RUN_TIME: 7.5 })
    expect(operation).toMatchObject({ setup: 4, run: 7.5, wait: null, name: '선삭' })
  })

  test('reads its evidence and does not send it back', () => {
    const row = {
      PROC_SEQ: 10,
      EVIDENCE: { SAMPLES: 12, CONFIDENCE: 0.8, RUN_TIME_STANDARD: 5, NEIGHBOURS_FOR: ['A', 'B'] },
    }
    const operation = operationOf(row)
    expect(operation.statistics).toMatchObject({ samples: 12, confidence: 0.8, neighboursFor: ['A', 'B'] })
    expect(stepOf(operation, 2)).toMatchObject({ PROC_SEQ: 30 })
    expect(stepOf(operation, 2)).not.toHaveProperty('EVIDENCE')
  })

  test('adds its times up without the absent ones', () => {
    expect(
      totals([
        operationOf({ PROC_SEQ: 1, RUN_TIME: 3 } as never),
        operationOf({ PROC_SEQ: 2, SETUP_TIME: 2 }),
      ]),
    ).toEqual({ setup: 2, run: 3, wait: 0, lead: 5 })
  })
})

test('the machine of another plant is changed under the names that its rows have', () => {
  const row = { PROC_SEQ: 10, PROC_CD: '0010', RES_CD: 'T1', RES_DESC: 'Torno' } as OperationStep
  const operation = operationOf(row)
  expect([operation.resource, machineOf(operation)]).toEqual(['Torno', { code: 'T1', name: 'Torno' }])
  const moved = stepOf(withMachine(operation, { code: 'T9', name: 'Torno 9' }), 0)
  expect(moved).toMatchObject({ RES_CD: 'T9', RES_DESC: 'Torno 9' })
  expect('RES_DIS' in moved).toBe(false)
})
