/** Ctrl+S saves what a screen has changed, in Hangul mode too; held down it saves once. */
import { useEffect, useRef } from 'react'
import { shortcutOf } from './keys'

/** A dialog behind which nothing is saved; one that takes over what was written and lets the key pass is marked. */
const DIALOG = '[role="dialog"]:not([data-saves])'

/** The browser's own saving of the page does not open. */
export function useSaveKey(save: () => void) {
  const latest = useRef(save)
  useEffect(() => {
    latest.current = save
  })
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (shortcutOf(event) !== 's') return
      event.preventDefault()
      const asked = event.target instanceof Element && event.target.closest(DIALOG) !== null
      if (!event.repeat && !asked) latest.current()
    }
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [])
}
