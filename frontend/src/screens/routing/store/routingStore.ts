/** The routing canvas: open routings, the selected operation, the inputs and the last prediction. */
import { create } from 'zustand'
import type { PredictionResponse } from '@/api/types'
import { record, redo, startHistory, undo } from './history'
import { copyOf, withMachine, type Machine, type Operation, type Times } from './operation'
import { documentId, documentsOf, isDirty, type RoutingDocument, type SavedGroup } from './routingDocument'
import {
  chosenOf,
  codesOf,
  currentOf,
  keptDocuments,
  NO_WORK,
  picked,
  reviewedCodes,
  reviewedIn,
  type Work,
} from './work'

export interface Inputs {
  codes: string
  topK: number
  /** Percent, 0 to 100. */
  similarity: number
  /** Predict from similar items even where the item has a routing of its own. */
  ignoreOwn: boolean
  weightProfile: string
  customWeights: Record<string, number>
}

export const DEFAULT_INPUTS: Inputs = {
  codes: '',
  topK: 10,
  similarity: 30,
  ignoreOwn: false,
  weightProfile: 'default',
  customWeights: {},
}

export interface RoutingState {
  inputs: Inputs
  prediction: PredictionResponse | null
  /** The weight profile that the prediction was asked with. */
  predictedWith: string
  documents: readonly RoutingDocument[]
  activeId: string | null
  selectedId: string | null
  work: Work
  /** The item that is looked at, whether or not it has a routing. */
  activeCode: string | null
  /** Names of groups that were typed over the suggested ones, by document. */
  groupNames: Readonly<Record<string, string>>
  setInputs: (inputs: Partial<Inputs>) => void
  /** Opens the routings of a prediction; edited tabs are kept when `keepEdited`. */
  showPrediction: (prediction: PredictionResponse, keepEdited: boolean, weightProfile?: string) => void
  activate: (id: string) => void
  /** Shows an item with the routing of it that was shown last. */
  activateItem: (code: string) => void
  /** Notes that routings are right as they are; `reviewed` false takes that back. Items without a routing stay open. */
  review: (codes: readonly string[], reviewed?: boolean) => void
  noteCurrent: (current: Work['current']) => void
  noteLeftOut: (leftOut: Work['leftOut']) => void
  markSent: (code: string, version: number) => void
  nameGroup: (id: string, name: string) => void
  close: (id: string) => void
  select: (operationId: string | null) => void
  insert: (operation: Operation, position: number) => void
  move: (operationId: string, position: number) => void
  remove: (operationId: string) => void
  editTimes: (operationId: string, times: Partial<Times>) => void
  editMachine: (operationId: string, machine: Machine) => void
  undo: () => void
  redo: () => void
  markSaved: (id: string, group: SavedGroup, operations: readonly Operation[]) => void
  openGroup: (group: SavedGroup, itemCode: string, operations: readonly Operation[]) => void
  restore: (state: Partial<Kept>) => void
  reset: () => void
}

/** What a draft keeps. */
export type Kept = Pick<
  RoutingState,
  'inputs' | 'prediction' | 'predictedWith' | 'documents' | 'activeId' | 'activeCode' | 'work' | 'groupNames'
>

export function activeDocument(state: Pick<RoutingState, 'documents' | 'activeId'>): RoutingDocument | null {
  return state.documents.find((document) => document.id === state.activeId) ?? null
}

/** Whether something is edited, or found right, and not saved. */
export function hasUnsaved(state: Pick<RoutingState, 'documents' | 'work'>): boolean {
  return state.documents.some(isDirty) || reviewedCodes(state.documents, state.work).length > 0
}

export const useRouting = create<RoutingState>((set, get) => {
  const change = (edit: (document: RoutingDocument) => RoutingDocument) => {
    const { documents, activeId } = get()
    set({ documents: documents.map((document) => (document.id === activeId ? edit(document) : document)) })
  }
  const edit = (next: (operations: readonly Operation[]) => readonly Operation[]) =>
    change((document) => ({
      ...document,
      operations: record(document.operations, next(document.operations.present)),
    }))

  return {
    inputs: DEFAULT_INPUTS,
    prediction: null,
    predictedWith: 'default',
    documents: [],
    activeId: null,
    selectedId: null,
    work: NO_WORK,
    activeCode: null,
    groupNames: {},
    setInputs: (inputs) => set({ inputs: { ...get().inputs, ...inputs } }),
    showPrediction: (prediction, keepEdited, predictedWith = 'default') => {
      const before = get()
      const kept = keepEdited ? keptDocuments(before.documents, before.work) : []
      const keptCodes = new Set(kept.map((document) => document.itemCode))
      const keptIds = new Set(kept.map((document) => document.id))
      const documents = [...kept, ...documentsOf(prediction).filter((document) => !keptIds.has(document.id))]
      const first = documents.find((document) => !keptIds.has(document.id)) ?? documents[0]
      const codes = [...new Set([...keptCodes, ...codesOf(prediction)])]
      set({
        prediction,
        predictedWith,
        documents,
        activeId: first?.id ?? null,
        activeCode: first?.itemCode ?? codes[0] ?? null,
        selectedId: null,
        work: {
          codes,
          reviewed: picked(before.work.reviewed, keptCodes),
          sent: picked(before.work.sent, keptCodes),
          chosen: picked(before.work.chosen, keptCodes),
          current: { ...picked(before.work.current, keptCodes), ...currentOf(prediction) },
          leftOut: before.work.leftOut,
        },
      })
    },
    activate: (id) => {
      const { documents, work } = get()
      const code = documents.find((document) => document.id === id)?.itemCode
      if (code === undefined) return
      set({
        activeId: id,
        activeCode: code,
        selectedId: null,
        work: { ...work, chosen: { ...work.chosen, [code]: id } },
      })
    },
    activateItem: (code) => {
      const { documents, work } = get()
      set({ activeId: chosenOf(documents, work, code)?.id ?? null, activeCode: code, selectedId: null })
    },
    review: (codes, reviewed = true) =>
      set({ work: reviewedIn(get().documents, get().work, codes, reviewed) }),
    noteCurrent: (current) => {
      const { work } = get()
      set({ work: { ...work, current: { ...work.current, ...current } } })
    },
    noteLeftOut: (leftOut) => set({ work: { ...get().work, leftOut } }),
    markSent: (code, version) => {
      const { work } = get()
      set({ work: { ...work, sent: { ...work.sent, [code]: version } } })
    },
    nameGroup: (id, name) => set({ groupNames: { ...get().groupNames, [id]: name } }),
    close: (id) => {
      const { documents, activeId, activeCode, work } = get()
      const closed = documents.find((document) => document.id === id)
      const rest = documents.filter((document) => document.id !== id)
      const position = documents.findIndex((document) => document.id === id)
      const next =
        rest.find((document) => document.itemCode === closed?.itemCode) ??
        rest[Math.min(position, rest.length - 1)]
      // An item whose last routing was closed leaves the list.
      const gone = closed && !rest.some((document) => document.itemCode === closed.itemCode)
      set({
        documents: rest,
        activeId: activeId === id ? (next?.id ?? null) : activeId,
        activeCode: activeId === id ? (next?.itemCode ?? null) : activeCode,
        selectedId: null,
        work: gone ? { ...work, codes: work.codes.filter((code) => code !== closed.itemCode) } : work,
      })
    },
    select: (selectedId) => set({ selectedId }),
    insert: (operation, position) => {
      const placed = copyOf(operation)
      edit((operations) => [...operations.slice(0, position), placed, ...operations.slice(position)])
      set({ selectedId: placed.id })
    },
    move: (operationId, position) =>
      edit((operations) => {
        const from = operations.findIndex((operation) => operation.id === operationId)
        const to = Math.max(0, Math.min(operations.length - 1, position))
        const moved = operations[from]
        if (!moved || from === to) return operations
        const rest = operations.filter((operation) => operation.id !== operationId)
        return [...rest.slice(0, to), moved, ...rest.slice(to)]
      }),
    remove: (operationId) => {
      const operations = activeDocument(get())?.operations.present ?? []
      const position = operations.findIndex((operation) => operation.id === operationId)
      const neighbour = operations[position + 1] ?? operations[position - 1]
      edit((present) => present.filter((operation) => operation.id !== operationId))
      set({ selectedId: neighbour?.id ?? null })
    },
    editTimes: (operationId, times) =>
      edit((operations) => {
        const current = operations.find((operation) => operation.id === operationId)
        const same =
          current && Object.entries(times).every(([key, value]) => current[key as keyof Times] === value)
        if (!current || same) return operations
        return operations.map((operation) =>
          operation.id === operationId ? { ...operation, ...times } : operation,
        )
      }),
    editMachine: (operationId, machine) =>
      edit((operations) =>
        operations.map((operation) =>
          operation.id === operationId ? withMachine(operation, machine) : operation,
        ),
      ),
    undo: () => change((document) => ({ ...document, operations: undo(document.operations) })),
    redo: () => change((document) => ({ ...document, operations: redo(document.operations) })),
    markSaved: (id, group, operations) =>
      set({
        documents: get().documents.map((document) =>
          document.id === id ? { ...document, group, baseline: operations } : document,
        ),
      }),
    openGroup: (group, itemCode, operations) => {
      const id = documentId('group', group.id)
      const document: RoutingDocument = {
        id,
        itemCode,
        candidateId: group.name,
        summary: null,
        operations: startHistory(operations),
        baseline: operations,
        group,
        proposal: null,
      }
      const { documents, work } = get()
      set({
        documents: [document, ...documents.filter((other) => other.id !== id)],
        activeId: id,
        activeCode: itemCode,
        selectedId: null,
        work: {
          ...work,
          codes: work.codes.includes(itemCode) ? work.codes : [itemCode, ...work.codes],
          chosen: { ...work.chosen, [itemCode]: id },
        },
      })
    },
    restore: (state) => set({ ...state, selectedId: null }),
    reset: () =>
      set({
        inputs: DEFAULT_INPUTS,
        prediction: null,
        documents: [],
        activeId: null,
        activeCode: null,
        selectedId: null,
        work: NO_WORK,
        groupNames: {},
      }),
  }
})
