/** Whether the page to get started with was opened in this browser before. */
const KEY = 'routing-ml-start-seen'

/** Says whether it was, and remembers it. Without storage it counts as seen. */
export function startWasSeen(): boolean {
  try {
    const seen = localStorage.getItem(KEY) !== null
    localStorage.setItem(KEY, '1')
    return seen
  } catch {
    return true
  }
}
