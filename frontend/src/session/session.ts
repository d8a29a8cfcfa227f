/** Who is logged in, and the way back in when a session ends in the middle of work. */
import { create } from 'zustand'
import { call, request, setReauthentication } from '@/api/client'
import { statusOf } from '@/api/errors'
import type { User } from '@/api/types'

interface SessionState {
  state: 'unknown' | 'anonymous' | 'active' | 'expired'
  user: User | null
}

export const useSession = create<SessionState>(() => ({ state: 'unknown', user: null }))

/** Remembers that somebody logged in here, so that a first visit does not have to ask with a cookie that is not there. */
const MARK = 'routing-ml-logged-in'

function mark(present: boolean) {
  try {
    if (present) localStorage.setItem(MARK, '1')
    else localStorage.removeItem(MARK)
  } catch {
    // Without storage the server is always asked.
  }
}

function mayHaveSession(): boolean {
  try {
    return localStorage.getItem(MARK) !== null
  } catch {
    return true
  }
}

let waiting: { promise: Promise<void>; resolve: () => void } | null = null

function waitForLogin(): Promise<void> {
  if (!waiting) {
    let resolve = () => {}
    const promise = new Promise<void>((settle) => {
      resolve = settle
    })
    waiting = { promise, resolve }
    useSession.setState({ state: 'expired' })
  }
  return waiting.promise
}

function enter(user: User) {
  mark(true)
  useSession.setState({ state: 'active', user })
  setReauthentication(waitForLogin)
  waiting?.resolve()
  waiting = null
}

async function identify() {
  enter(await call('get', '/api/auth/me', undefined, { anonymous: true }))
}

/** Asks the server who the cookie belongs to. */
export async function resumeSession() {
  if (!mayHaveSession()) {
    useSession.setState({ state: 'anonymous', user: null })
    return
  }
  try {
    await identify()
  } catch (error) {
    if (statusOf(error) !== 401) throw error
    mark(false)
    useSession.setState({ state: 'anonymous', user: null })
  }
}

export async function logIn(username: string, password: string) {
  await call('post', '/api/auth/login', { username, password }, { anonymous: true })
  await identify()
}

export function register(username: string, password: string, displayName: string) {
  return call(
    'post',
    '/api/auth/register',
    { username, password, display_name: displayName || undefined },
    { anonymous: true },
  )
}

export async function logOut() {
  setReauthentication(null)
  try {
    await request('post', '/api/auth/logout', { anonymous: true })
  } finally {
    mark(false)
    useSession.setState({ state: 'anonymous', user: null })
  }
}

export function useIsAdmin(): boolean {
  return useSession((session) => session.user?.is_admin ?? false)
}
