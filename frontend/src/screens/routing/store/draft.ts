/**
 * Keeps unsaved work in this browser: in the tab's own storage for a reload, and, while something is unsaved,
 * as a copy that is offered when the tab was lost.
 */
import { useSession } from '@/session/session'
import { guardUnsaved } from '@/session/leaving'
import { startHistory } from './history'
import type { Operation } from './operation'
import { isDirty, type RoutingDocument } from './routingDocument'
import { DEFAULT_INPUTS, hasUnsaved, useRouting, type Inputs, type RoutingState } from './routingStore'

interface StoredDocument extends Omit<RoutingDocument, 'operations' | 'baseline'> {
  operations: readonly Operation[]
  /** Absent when nothing was unsaved. */
  baseline?: readonly Operation[]
}

interface Draft {
  format: 1
  savedAt: number
  inputs: Inputs
  activeId: string | null
  documents: StoredDocument[]
}

function key(): string {
  return `routing-ml-draft:${useSession.getState().user?.username ?? ''}`
}

export function toDraft(state: Pick<RoutingState, 'inputs' | 'documents' | 'activeId'>): Draft {
  return {
    format: 1,
    savedAt: Date.now(),
    inputs: state.inputs,
    activeId: state.activeId,
    documents: state.documents.map((document) => ({
      ...document,
      operations: document.operations.present,
      baseline: isDirty(document) ? document.baseline : undefined,
    })),
  }
}

export function fromDraft(draft: Draft): Pick<RoutingState, 'inputs' | 'documents' | 'activeId'> {
  return {
    inputs: { ...DEFAULT_INPUTS, ...draft.inputs },
    activeId: draft.activeId,
    documents: draft.documents.map((document) => {
      if (!document.baseline)
        return { ...document, operations: startHistory(document.operations), baseline: document.operations }
      // One step back leads to what was saved last.
      return {
        ...document,
        operations: { past: [document.baseline], present: document.operations, future: [] },
        baseline: document.baseline,
      }
    }),
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
