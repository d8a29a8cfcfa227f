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
import { NO_WORK } from './work'

/** An operation whose row is that of the proposal names its place there: rows are the most of a draft. */
type StoredOperation = Omit<Operation, 'step'> & { step: OperationStep | number }

interface StoredDocument extends Omit<RoutingDocument, 'operations' | 'baseline'> {
  operations: readonly StoredOperation[]
  /** Absent when nothing was unsaved. */
  baseline?: readonly StoredOperation[]
}

/** Drafts of earlier versions of the screens lack what stands last. */
interface Draft extends Partial<Omit<Kept, 'inputs' | 'documents' | 'activeId'>> {
  format: 1
  savedAt: number
  inputs: Inputs
  activeId: string | null
  documents: StoredDocument[]
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

function key(): string {
  return `routing-ml-draft:${useSession.getState().user?.username ?? ''}`
}

export function toDraft(state: Kept): Draft {
  return {
    format: 1,
    savedAt: Date.now(),
    inputs: state.inputs,
    activeId: state.activeId,
    activeCode: state.activeCode,
    // Warnings, figures and what an export needs; the routings stand with the documents.
    prediction: state.prediction && {
      ...state.prediction,
      items: state.prediction.items.map(({ operations: _operations, ...routing }) => routing),
      candidates: [],
    },
    predictedWith: state.predictedWith,
    work: state.work,
    groupNames: state.groupNames,
    documents: state.documents.map((document) => ({
      ...document,
      proposal: document.proposal && {
        ...document.proposal,
        operations: document.proposal.operations.map(withoutNothing),
      },
      operations: storedOperations(document.operations.present, document.proposal),
      baseline: isDirty(document) ? storedOperations(document.baseline, document.proposal) : undefined,
    })),
  }
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
    work: draft.work ?? {
      ...NO_WORK,
      codes: [...new Set(documents.map((document) => document.itemCode))],
    },
  }
}

function read(storage: Storage): Draft | null {
  try {
    const draft = JSON.parse(storage.getItem(key()) ?? 'null') as Draft | null
    return draft?.format === 1 && Array.isArray(draft.documents) ? draft : null
  } catch {
    return null
  }
}

function write(storage: Storage, draft: Draft | null) {
  try {
    if (draft) storage.setItem(key(), JSON.stringify(draft))
    else storage.removeItem(key())
  } catch {
    // Full or forbidden storage: the work stays in memory.
  }
}

let timer: ReturnType<typeof setTimeout> | undefined
let started = false

function store() {
  clearTimeout(timer)
  timer = undefined
  const state = useRouting.getState()
  const draft = toDraft(state)
  write(sessionStorage, draft)
  if (hasUnsaved(state)) write(localStorage, draft)
  else if (read(localStorage)?.savedAt !== lostDraftAt) write(localStorage, null)
}

let lostDraftAt: number | undefined

/** Starts keeping the draft. Returns unsaved work of a tab that was lost, if there is any to offer. */
export function keepDraft(): Draft | null {
  const own = read(sessionStorage)
  const lost = read(localStorage)
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
  write(localStorage, null)
}
