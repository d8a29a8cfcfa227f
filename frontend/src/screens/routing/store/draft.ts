/**
 * Keeps unsaved work in this browser: in the tab's own storage for a reload, and, while something is unsaved,
 * as a copy that is offered when the tab was lost.
 */
import { useSession } from '@/session/session'
import { guardUnsaved } from '@/session/leaving'
import { startHistory } from './history'
import type { OperationStep } from '@/api/types'
import type { Operation } from './operation'
import { isDirty, type Proposal, type RoutingDocument } from './routingDocument'
import { DEFAULT_INPUTS, hasUnsaved, useRouting, type Inputs, type Kept } from './routingStore'
import { uniqueId } from './uniqueId'
import { NO_WORK } from './work'

/** An operation whose row is that of the proposal names its place there: rows are the most of a draft. */
type StoredOperation = Omit<Operation, 'step'> & { step: OperationStep | number }

interface StoredDocument extends Omit<RoutingDocument, 'operations' | 'baseline'> {
  operations: readonly StoredOperation[]
  /** Absent when nothing was unsaved. */
  baseline?: readonly StoredOperation[]
}

/** Where somebody stands in the work: written after every step, so it holds nothing large. */
interface Place extends Partial<
  Pick<Kept, 'activeCode' | 'predictedWith' | 'groupNames'> & { work: Omit<Kept['work'], 'current'> }
> {
  savedAt: number
  inputs: Inputs
  activeId: string | null
}

/** What was proposed and made of it: large, and written only when it has changed. */
interface Contents extends Partial<Pick<Kept, 'prediction'> & Pick<Kept['work'], 'current'>> {
  documents: StoredDocument[]
}

/** Drafts of earlier versions of the screens lack what is optional. */
type Draft = Place & Contents

/** In the storage a place names the contents that it belongs to. Earlier versions kept both in one, with `work.current` (format 1). */
interface StoredPlace extends Place {
  format: 1 | 2
  contents?: string
}

function storedOperations(
  operations: readonly Operation[],
  proposal: Proposal | null,
): readonly StoredOperation[] {
  const places = new Map(proposal?.operations.map((row, place) => [row, place]))
  return operations.map((operation) => ({
    ...operation,
    step: places.get(operation.step) ?? withoutNothing(operation.step),
  }))
}

function operationsIn(stored: readonly StoredOperation[], proposal: Proposal | null): readonly Operation[] {
  return stored.map((operation) => ({
    ...operation,
    step:
      typeof operation.step === 'number'
        ? (proposal?.operations[operation.step] ?? ({ PROC_SEQ: 0 } as OperationStep))
        : operation.step,
  }))
}

/** A row without its empty columns: what is absent reads like what is empty. */
function withoutNothing(row: OperationStep): OperationStep {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as OperationStep
}

function key(part: '' | ':contents' = ''): string {
  return `routing-ml-draft:${useSession.getState().user?.username ?? ''}${part}`
}

function placeOf({ work: { current: _current, ...work }, ...state }: Kept): Place {
  return {
    savedAt: Date.now(),
    inputs: state.inputs,
    activeId: state.activeId,
    activeCode: state.activeCode,
    predictedWith: state.predictedWith,
    work,
    groupNames: state.groupNames,
  }
}

function storedDocument(document: RoutingDocument): StoredDocument {
  return {
    ...document,
    proposal: document.proposal && {
      ...document.proposal,
      operations: document.proposal.operations.map(withoutNothing),
    },
    operations: storedOperations(document.operations.present, document.proposal),
    baseline: isDirty(document) ? storedOperations(document.baseline, document.proposal) : undefined,
  }
}

/** Warnings, figures and what an export needs; the routings stand with the documents. */
function storedPrediction(prediction: Kept['prediction']): Kept['prediction'] {
  return (
    prediction && {
      ...prediction,
      items: prediction.items.map(({ operations: _operations, ...routing }) => routing),
      candidates: [],
    }
  )
}

/** Texts of documents that have not changed since they were written. */
const texts = new WeakMap<RoutingDocument, string>()

function textOf(document: RoutingDocument): string {
  const known = texts.get(document)
  if (known !== undefined) return known
  const text = JSON.stringify(storedDocument(document))
  texts.set(document, text)
  return text
}

function contentsText(id: string, state: Kept): string {
  const rest = JSON.stringify({
    id,
    prediction: storedPrediction(state.prediction),
    current: state.work.current,
  })
  return `${rest.slice(0, -1)},"documents":[${state.documents.map(textOf).join()}]}`
}

export function fromDraft(draft: Draft): Kept {
  const documents = draft.documents.map((document) => {
    const present = operationsIn(document.operations, document.proposal)
    if (!document.baseline) return { ...document, operations: startHistory(present), baseline: present }
    // One step back leads to what was saved last.
    const baseline = operationsIn(document.baseline, document.proposal)
    return { ...document, operations: { past: [baseline], present, future: [] }, baseline }
  })
  const active = documents.find((document) => document.id === draft.activeId)
  return {
    inputs: { ...DEFAULT_INPUTS, ...draft.inputs },
    activeId: draft.activeId,
    activeCode: draft.activeCode ?? active?.itemCode ?? null,
    documents,
    prediction: draft.prediction ?? null,
    predictedWith: draft.predictedWith ?? 'default',
    groupNames: draft.groupNames ?? {},
    work: {
      ...NO_WORK,
      codes: [...new Set(documents.map((document) => document.itemCode))],
      ...draft.work,
      ...(draft.current ? { current: draft.current } : {}),
    },
  }
}

function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null')
  } catch {
    return null
  }
}

function readPlace(storage: Storage): StoredPlace | null {
  const place = parsed(storage.getItem(key())) as StoredPlace | null
  return place?.format === 1 || place?.format === 2 ? place : null
}

export function readDraft(storage: Storage): Draft | null {
  const place = readPlace(storage)
  if (!place) return null
  const contents = (place.format === 1 ? place : parsed(storage.getItem(key(':contents')))) as Contents | null
  return Array.isArray(contents?.documents) ? { ...contents, ...place } : null
}

/** What the contents were made of that were written last, by the storage that they are in. */
const written = new Map<Storage, { key: string; id: string; made: readonly unknown[] }>()

export function writeDraft(storage: Storage, state: Kept) {
  const made = [state.documents, state.prediction, state.work.current]
  try {
    const last = written.get(storage)
    const stands =
      last?.key === key() &&
      last.made.every((part, index) => part === made[index]) &&
      readPlace(storage)?.contents === last.id // or another tab has written its own meanwhile
    const id = stands ? last.id : uniqueId()
    if (!stands) {
      storage.setItem(key(':contents'), contentsText(id, state))
      written.set(storage, { key: key(), id, made })
    }
    const place: StoredPlace = { format: 2, contents: id, ...placeOf(state) }
    storage.setItem(key(), JSON.stringify(place))
  } catch {
    // Full or forbidden storage: the work stays in memory.
    written.delete(storage)
  }
}

function forget(storage: Storage) {
  written.delete(storage)
  try {
    storage.removeItem(key())
    storage.removeItem(key(':contents'))
  } catch {
    // Forbidden storage: nothing is in it.
  }
}

let timer: ReturnType<typeof setTimeout> | undefined
let started = false

function store() {
  clearTimeout(timer)
  timer = undefined
  const state = useRouting.getState()
  writeDraft(sessionStorage, state)
  if (hasUnsaved(state)) writeDraft(localStorage, state)
  else if (readPlace(localStorage)?.savedAt !== lostDraftAt) forget(localStorage)
}

let lostDraftAt: number | undefined

/** Starts keeping the draft. Returns unsaved work of a tab that was lost, if there is any to offer. */
export function keepDraft(): Draft | null {
  const own = readDraft(sessionStorage)
  const lost = readDraft(localStorage)
  if (!started) {
    started = true
    guardUnsaved(
      () => hasUnsaved(useRouting.getState()),
      () => {
        useRouting.getState().reset()
        store()
      },
    )
    useRouting.subscribe(() => {
      timer ??= setTimeout(store, 400)
    })
    window.addEventListener('pagehide', store)
    if (own && useRouting.getState().documents.length === 0) useRouting.getState().restore(fromDraft(own))
    if (!own && lost) {
      lostDraftAt = lost.savedAt
      return lost
    }
  }
  return null
}

export function discardLostDraft() {
  lostDraftAt = undefined
  forget(localStorage)
}
