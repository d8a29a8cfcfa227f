/** The routing canvas: open routings, the selected operation, the inputs and the last prediction. */
import { create } from 'zustand'
import type { PredictionResponse } from '@/api/types'
import { record, redo, startHistory, undo } from './history'
import { copyOf, type Operation, type Times } from './operation'
import { documentId, documentsOf, isDirty, type RoutingDocument, type SavedGroup } from './routingDocument'

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
  setInputs: (inputs: Partial<Inputs>) => void
  /** Opens the routings of a prediction; edited tabs are kept when `keepEdited`. */
  showPrediction: (prediction: PredictionResponse, keepEdited: boolean, weightProfile?: string) => void
  activate: (id: string) => void
  close: (id: string) => void
  select: (operationId: string | null) => void
  insert: (operation: Operation, position: number) => void
  move: (operationId: string, position: number) => void
  remove: (operationId: string) => void
  editTimes: (operationId: string, times: Partial<Times>) => void
  undo: () => void
  redo: () => void
  markSaved: (id: string, group: SavedGroup, operations: readonly Operation[]) => void
  openGroup: (group: SavedGroup, itemCode: string, operations: readonly Operation[]) => void
  restore: (state: Pick<RoutingState, 'inputs' | 'documents' | 'activeId'>) => void
  reset: () => void
}

export function activeDocument(state: Pick<RoutingState, 'documents' | 'activeId'>): RoutingDocument | null {
  return state.documents.find((document) => document.id === state.activeId) ?? null
}

export function hasUnsaved(state: Pick<RoutingState, 'documents'>): boolean {
  return state.documents.some(isDirty)
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
    setInputs: (inputs) => set({ inputs: { ...get().inputs, ...inputs } }),
    showPrediction: (prediction, keepEdited, predictedWith = 'default') => {
      const kept = keepEdited ? get().documents.filter(isDirty) : []
      const keptIds = new Set(kept.map((document) => document.id))
      const documents = [...kept, ...documentsOf(prediction).filter((document) => !keptIds.has(document.id))]
      const first = documents.find((document) => !keptIds.has(document.id)) ?? documents[0]
      set({ prediction, predictedWith, documents, activeId: first?.id ?? null, selectedId: null })
    },
    activate: (id) => set({ activeId: id, selectedId: null }),
    close: (id) => {
      const { documents, activeId } = get()
      const position = documents.findIndex((document) => document.id === id)
      const rest = documents.filter((document) => document.id !== id)
      const next = rest[Math.min(position, rest.length - 1)]
      set({ documents: rest, activeId: activeId === id ? (next?.id ?? null) : activeId, selectedId: null })
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
      set({
        documents: [document, ...get().documents.filter((other) => other.id !== id)],
        activeId: id,
        selectedId: null,
      })
    },
    restore: (state) => set({ ...state, selectedId: null }),
    reset: () =>
      set({ inputs: DEFAULT_INPUTS, prediction: null, documents: [], activeId: null, selectedId: null }),
  }
})
