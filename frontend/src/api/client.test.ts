import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { request, setReauthentication } from './client'
import { useConnection } from './connection'
import { ApiError, describeError, OfflineError } from './errors'

const answers: (Response | Error)[] = []
const sent: Request[] = []

beforeEach(() => {
  answers.length = 0
  sent.length = 0
  useConnection.setState({ online: true })
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    sent.push(new Request(new URL(path, 'http://localhost'), { method: init.method, body: init.body }))
    const next = answers.shift()
    return next instanceof Error || !next
      ? Promise.reject(next ?? new TypeError('no answer'))
      : Promise.resolve(next)
  })
})
afterEach(() => {
  setReauthentication(null)
  vi.unstubAllGlobals()
})

const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status })

test('a session that has ended asks for a log-in and repeats the request', async () => {
  answers.push(json(401, { detail: 'ended' }), json(200, { done: true }))
  const login = vi.fn(() => Promise.resolve())
  setReauthentication(login)
  await expect(request('post', '/api/x', { body: { a: 1 } })).resolves.toEqual({ done: true })
  expect(login).toHaveBeenCalledOnce()
  expect(await sent[1]?.json()).toEqual({ a: 1 })
})

test('an anonymous request does not ask for a log-in', async () => {
  answers.push(json(401, { detail: 'wrong' }))
  setReauthentication(() => Promise.reject(new Error('asked')))
  await expect(request('post', '/api/auth/login', { anonymous: true })).rejects.toMatchObject({ status: 401 })
})

test('a server that is away is told from one that refuses', async () => {
  answers.push(new TypeError('Failed to fetch'))
  await expect(request('get', '/api/x')).rejects.toBeInstanceOf(OfflineError)
  expect(useConnection.getState().online).toBe(false)
})

test('empty query values are left out and the rest is encoded', async () => {
  answers.push(json(200, {}))
  await request('get', '/api/x', { query: { a: '한글 &', b: '', c: undefined, d: 0 } })
  expect(new URL(sent[0]?.url ?? '').search).toBe('?a=%ED%95%9C%EA%B8%80+%26&d=0')
})

test('validation errors are told with the place they are about', () => {
  const error = new ApiError(422, '/api/x', { detail: [{ loc: ['body', 'top_k'], msg: 'too large' }] })
  expect(describeError(error)).toBe('top_k: too large')
})
