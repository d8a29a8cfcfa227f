/** Asks before unsaved work would be lost. Screens say whether they hold some. */
import { ask } from '@/ui/confirm'
import { sessionText } from './texts'

const guards = new Set<() => boolean>()

/** Registers a check for unsaved work and returns how to take it back. */
export function guardUnsaved(hasUnsaved: () => boolean): () => void {
  guards.add(hasUnsaved)
  return () => guards.delete(hasUnsaved)
}

export function hasUnsavedWork(): boolean {
  return [...guards].some((guard) => guard())
}

export async function confirmLeaving(): Promise<boolean> {
  if (!hasUnsavedWork()) return true
  const answer = await ask({
    title: sessionText('leavingTitle'),
    text: sessionText('leavingText'),
    choices: [{ value: 'leave', label: sessionText('leave'), danger: true }],
  })
  return answer === 'leave'
}

window.addEventListener('beforeunload', (event) => {
  if (hasUnsavedWork()) event.preventDefault()
})
