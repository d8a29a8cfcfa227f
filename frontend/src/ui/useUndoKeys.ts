/** Undo and redo from anywhere on a screen, except while typing or in a dialog. */
import { useEffect } from 'react'
import { shortcutOf } from './keys'

/** Fields in which letters write nothing: after one of them was used, the keys of the screen go on. */
const NOT_WRITTEN = ['checkbox', 'radio', 'range', 'button', 'submit', 'reset', 'file', 'color']
  .map((type) => `:not([type="${type}"])`)
  .join('')
const TYPED = `input${NOT_WRITTEN}, textarea, select, [contenteditable="true"], [role="dialog"]`

/** Whether keys belong to what is being typed or asked, and not to the screen. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(TYPED) !== null
}

/** Both functions stay the same as long as the screen is shown. */
export function useUndoKeys(undo: () => void, redo: () => void) {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const letter = shortcutOf(event)
      if ((letter !== 'z' && letter !== 'y') || isTyping(event.target)) return
      event.preventDefault()
      if (letter === 'y' || event.shiftKey) redo()
      else undo()
    }
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [undo, redo])
}
