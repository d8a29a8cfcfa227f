/** The graph that is being edited, with undo and redo; null until it has been loaded. */
import { create } from 'zustand'
import type { Graph } from '@/api/blueprint'
import { guardUnsaved } from '@/session/leaving'
import { record, redo, startHistory, undo, type History } from '@/screens/routing/store/history'

interface BlueprintState {
  history: History<Graph> | null
  /** The stored graph; the same object means nothing is unsaved. */
  saved: Graph | null
  /** Revision of the settings document that was loaded. */
  revision: number | undefined
  selectedId: string | null
  load: (graph: Graph, revision: number | undefined) => void
  edit: (graph: Graph) => void
  select: (id: string | null) => void
  undo: () => void
  redo: () => void
}

export const useBlueprint = create<BlueprintState>((set, get) => ({
  history: null,
  saved: null,
  revision: undefined,
  selectedId: null,
  load: (graph, revision) => set({ history: startHistory(graph), saved: graph, revision }),
  edit: (graph) => {
    const { history } = get()
    set({ history: history ? record(history, graph) : startHistory(graph) })
  },
  select: (selectedId) => set({ selectedId }),
  undo: () => set(({ history }) => ({ history: history && undo(history) })),
  redo: () => set(({ history }) => ({ history: history && redo(history) })),
}))

export function isChanged(state: Pick<BlueprintState, 'history' | 'saved'>): boolean {
  return state.history !== null && state.history.present !== state.saved
}

guardUnsaved(
  () => isChanged(useBlueprint.getState()),
  () => useBlueprint.setState({ history: null, saved: null, revision: undefined, selectedId: null }),
)
