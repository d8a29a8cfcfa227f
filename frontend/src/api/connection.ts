/** Whether the server answers. While it does not, it is asked again until it does. */
import { create } from 'zustand'

interface ConnectionState {
  online: boolean
  since: number
}

export const useConnection = create<ConnectionState>(() => ({ online: true, since: Date.now() }))

const listeners = new Set<() => void>()
let timer: ReturnType<typeof setTimeout> | undefined
let delay = 1000

/** Calls back each time the server has come back. */
export function onRecovered(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function reportReachable() {
  if (useConnection.getState().online) return
  clearTimeout(timer)
  timer = undefined
  delay = 1000
  useConnection.setState({ online: true, since: Date.now() })
  for (const listener of listeners) listener()
}

export function reportUnreachable() {
  if (useConnection.getState().online) useConnection.setState({ online: false, since: Date.now() })
  if (timer === undefined) timer = setTimeout(probe, delay)
}

/** Asks at once; used by the banner's button. */
export async function probe() {
  clearTimeout(timer)
  timer = undefined
  try {
    const answer = await fetch('/api/health', { cache: 'no-store' })
    if (answer.status === 502 || answer.status === 504) throw new Error('proxy')
    reportReachable()
  } catch {
    if (useConnection.getState().online) useConnection.setState({ online: false, since: Date.now() })
    delay = Math.min(delay * 1.5, 10_000)
    timer = setTimeout(probe, delay)
  }
}

window.addEventListener('online', () => void probe())
window.addEventListener('offline', reportUnreachable)
