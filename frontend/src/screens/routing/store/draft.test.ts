import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { SAMPLE } from '@/testing/samples'
import type { RoutingDocument } from './routingDocument'

const routing = async () => {
  const [{ useRouting, hasUnsaved }, { keepDraft, fromDraft }] = await Promise.all([
    import('./routingStore'),
    import('./draft'),
  ])
  return { state: useRouting.getState, hasUnsaved, keepDraft, fromDraft }
}

/** The page as a browser loads it: nothing in memory, the storages as they are. */
const reloaded = async () => {
  vi.resetModules()
  return routing()
}

/** The routing at a position of what is on the canvas. */
function at(documents: readonly RoutingDocument[], position: number): RoutingDocument {
  const document = documents[position]
  if (!document) throw new Error(`no routing at ${position}`)
  return document
}

function firstOperation(document: RoutingDocument): string {
  return document.operations.present[0]?.id ?? ''
}

const PLACE = 'routing-ml-draft:'
const CONTENTS = 'routing-ml-draft::contents'

function stored(storage: Storage, key: string) {
  return JSON.parse(storage.getItem(key) ?? 'null') as {
    id?: string
    activeId?: string
    work?: object
    documents?: object[]
  } | null
}

beforeEach(() => {
  vi.useFakeTimers()
  sessionStorage.clear()
  localStorage.clear()
})

afterEach(() => {
  vi.useRealTimers()
})

test('going from item to item writes the place alone, and a change the contents too', async () => {
  const { state, keepDraft } = await reloaded()
  keepDraft()
  state().showPrediction(SAMPLE, false)
  vi.advanceTimersByTime(500)
  const first = stored(sessionStorage, CONTENTS)?.id // each writing has its own
  expect(first).toBeTruthy()

  state().activate(at(state().documents, 1).id)
  vi.advanceTimersByTime(500)
  expect(stored(sessionStorage, PLACE)?.activeId).toBe(at(state().documents, 1).id)
  expect(stored(sessionStorage, CONTENTS)?.id).toBe(first)
  expect(stored(localStorage, CONTENTS)).toBeNull()

  state().remove(firstOperation(at(state().documents, 1)))
  vi.advanceTimersByTime(500)
  expect(stored(sessionStorage, CONTENTS)?.id).not.toBe(first)
  expect(stored(localStorage, CONTENTS)?.documents).toHaveLength(2) // what is offered when the tab is lost
})

test('a reload brings back where somebody stood and what was changed', async () => {
  const { state, keepDraft } = await reloaded()
  keepDraft()
  state().showPrediction(SAMPLE, false)
  const second = at(state().documents, 1)
  state().activate(second.id)
  state().remove(firstOperation(second))
  vi.advanceTimersByTime(500)
  state().activate(at(state().documents, 0).id)
  vi.advanceTimersByTime(500)
  const left = { codes: state().work.codes, current: state().work.current }

  const after = await reloaded()
  after.keepDraft()
  expect(after.state().activeId).toBe(at(state().documents, 0).id)
  expect(at(after.state().documents, 1).operations.present).toHaveLength(second.operations.present.length - 1)
  expect(after.hasUnsaved(after.state())).toBe(true)
  expect({ codes: after.state().work.codes, current: after.state().work.current }).toEqual(left)
})

test('contents that another tab has written meanwhile are written again', async () => {
  const { state, keepDraft } = await reloaded()
  keepDraft()
  state().showPrediction(SAMPLE, false)
  state().remove(firstOperation(at(state().documents, 0)))
  vi.advanceTimersByTime(500)
  localStorage.setItem(PLACE, JSON.stringify({ format: 2, contents: 'of another tab', savedAt: 1 }))
  localStorage.setItem(CONTENTS, JSON.stringify({ documents: [] }))
  state().activate(at(state().documents, 1).id)
  vi.advanceTimersByTime(500)
  expect(stored(localStorage, CONTENTS)?.documents).toHaveLength(2)
})

test('a draft of an earlier version of the screens, in one text, is read', async () => {
  const { state, keepDraft } = await reloaded()
  keepDraft()
  state().showPrediction(SAMPLE, false)
  vi.advanceTimersByTime(500)
  const place = stored(sessionStorage, PLACE)
  const documents = stored(sessionStorage, CONTENTS)?.documents
  sessionStorage.clear()
  const work = { ...place?.work, current: {} }
  sessionStorage.setItem(PLACE, JSON.stringify({ ...place, format: 1, contents: undefined, work, documents }))

  const after = await reloaded()
  after.keepDraft()
  expect(after.state().documents).toHaveLength(2)
})
