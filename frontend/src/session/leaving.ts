/** Asks before unsaved work would be lost. Screens say whether they hold some. */
import { ask } from '@/ui/confirm'
import { sessionText } from './texts'

interface Guard {
  hasUnsaved: () => boolean
  /** Throws the unsaved work away, once the person has decided so. */
  discard: () => void
}

const guards = new Set<Guard>()

/** Registers a check for unsaved work and returns how to take it back. */
export function guardUnsaved(hasUnsaved: () => boolean, discard: () => void): () => void {
  const guard = { hasUnsaved, discard }
  guards.add(guard)
  return () => guards.delete(guard)
}

export function hasUnsavedWork(): boolean {
  return [...guards].some((guard) => guard.hasUnsaved())
}

/** Asks where there is unsaved work; whoever leaves all the same loses it. */
export async function confirmLeaving(): Promise<boolean> {
  if (!hasUnsavedWork()) return true
  const answer = await ask({
    title: sessionText('leavingTitle'),
    text: sessionText('leavingText'),
    choices: [{ value: 'leave', label: sessionText('leave'), danger: true }],
  })
  if (answer !== 'leave') return false
  for (const guard of guards) guard.discard()
  return true
}

window.addEventListener('beforeunload', (event) => {
  if (hasUnsavedWork()) event.preventDefault()
})
