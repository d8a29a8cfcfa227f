/** An Enter that is held down does what it does once: browsers press a button, send a form or follow a link again and again. */

/** Where Enter writes. */
const WRITES = 'textarea, [contenteditable="true"]'

/** Keeps repeated Enters from everything but what writes with them; returns how to end that. */
export function pressHeldEnterOnce(target: Window = window): () => void {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !event.repeat) return
    const writes = event.target instanceof Element && event.target.closest(WRITES) !== null
    if (writes && !event.ctrlKey && !event.metaKey) return
    event.preventDefault()
    event.stopImmediatePropagation()
  }
  target.addEventListener('keydown', onKeyDown, { capture: true })
  return () => target.removeEventListener('keydown', onKeyDown, { capture: true })
}
