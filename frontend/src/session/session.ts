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
  useSession.setState({ state: 'active', user })
  setReauthentication(waitForLogin)
  waiting?.resolve()
  waiting = null
}

/** Asks the server who the cookie belongs to. */
export async function resumeSession() {
  try {
    enter(await call('get', '/api/auth/me', undefined, { anonymous: true }))
  } catch (error) {
    if (statusOf(error) !== 401) throw error
    useSession.setState({ state: 'anonymous', user: null })
  }
}

export async function logIn(username: string, password: string) {
  await call('post', '/api/auth/login', { username, password }, { anonymous: true })
  await resumeSession()
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
    useSession.setState({ state: 'anonymous', user: null })
  }
}

export function useIsAdmin(): boolean {
  return useSession((session) => session.user?.is_admin ?? false)
}
