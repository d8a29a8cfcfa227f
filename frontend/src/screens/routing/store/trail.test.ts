import { beforeEach, expect, test } from 'vitest'
import { SAMPLE } from '@/testing/samples'
import { activeDocument, useRouting } from './routingStore'
import { actionBetween } from './trail'

const current = () => {
  const document = activeDocument(useRouting.getState())
  if (!document) throw new Error('no document')
  return document
}

beforeEach(() => {
  useRouting.getState().reset()
  useRouting.getState().showPrediction(SAMPLE, false)
})

test('each gesture is told by its name', () => {
  const told = (gesture: () => void) => {
    const before = current()
    gesture()
    return actionBetween(before, current())
  }
  const { insert, remove, editTimes, undo, redo, markSaved, select } = useRouting.getState()
  const first = current().operations.present[0]
  if (!first) throw new Error('no operation')
  expect(told(() => insert(first, 1))).toBe('routing.insert')
  expect(told(() => undo())).toBe('routing.undo')
  expect(told(() => redo())).toBe('routing.redo')
  expect(told(() => remove(first.id))).toBe('routing.remove')
  expect(told(() => editTimes(current().operations.present[0]?.id ?? '', { run: 1 }))).toBe('routing.edit')
  expect(
    told(() => markSaved(current().id, { id: 'g', name: 'G', version: 1 }, current().operations.present)),
  ).toBe('routing.save')
  expect(told(() => select(null))).toBeNull()
})
