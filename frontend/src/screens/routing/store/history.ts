/** Undo and redo without limit. States are shared, not copied, so a step costs only what it changed. */
export interface History<State> {
  past: readonly State[]
  present: State
  future: readonly State[]
}

export function startHistory<State>(present: State): History<State> {
  return { past: [], present, future: [] }
}

export function record<State>(history: History<State>, next: State): History<State> {
  if (next === history.present) return history
  return { past: [...history.past, history.present], present: next, future: [] }
}

export function undo<State>(history: History<State>): History<State> {
  const previous = history.past.at(-1)
  if (previous === undefined) return history
  return { past: history.past.slice(0, -1), present: previous, future: [history.present, ...history.future] }
}

export function redo<State>(history: History<State>): History<State> {
  const next = history.future[0]
  if (next === undefined) return history
  return { past: [...history.past, history.present], present: next, future: history.future.slice(1) }
}
