/**
 * The one way to the server. The session is an HttpOnly cookie that the browser sends; no token is kept here.
 * A 401 in the middle of work opens the login dialog and repeats the request afterwards.
 */
import type { Notice } from '@/i18n/notices'
import type { paths } from './schema'
import { ApiError, OfflineError, type FieldNotice } from './errors'
import { reportReachable, reportUnreachable } from './connection'

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'
type Json<T> = T extends { content: { 'application/json': infer Body } } ? Body : never
type Operation<Path extends keyof paths, M extends Method> = NonNullable<paths[Path][M]>
type BodyOf<Op> = Op extends { requestBody: infer Request } ? Json<Request> : undefined
type Responses<Op> = Op extends { responses: infer All } ? All : never
type AnswerOf<Op> =
  Responses<Op> extends { 200: infer R }
    ? Json<R>
    : Responses<Op> extends { 201: infer R }
      ? Json<R>
      : Responses<Op> extends { 202: infer R }
        ? Json<R>
        : void

export type Query = Record<string, string | number | boolean | undefined | null>

interface Options {
  body?: unknown
  query?: Query
  signal?: AbortSignal
  headers?: Record<string, string>
  /** Do not open the login dialog on 401. */
  anonymous?: boolean
}

/** Set by the session: resolves when somebody has logged in again, rejects when they would not. */
let reauthenticate: (() => Promise<void>) | null = null
export function setReauthentication(handler: (() => Promise<void>) | null) {
  reauthenticate = handler
}

function address(path: string, query?: Query): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== '') search.set(key, String(value))
  }
  const text = search.toString()
  return text ? `${path}?${text}` : path
}

let underWay = 0

/** How many requests are not answered yet: what nobody asked for waits for them. */
export function requestsUnderWay(): number {
  return underWay
}

async function once(method: string, path: string, options: Options): Promise<Response> {
  underWay += 1
  try {
    return await fetched(method, path, options)
  } finally {
    underWay -= 1
  }
}

async function fetched(method: string, path: string, options: Options): Promise<Response> {
  let answer: Response
  try {
    answer = await fetch(address(path, options.query), {
      method: method.toUpperCase(),
      credentials: 'same-origin',
      signal: options.signal,
      headers: {
        ...(options.body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...options.headers,
      },
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
    })
  } catch (error) {
    if (options.signal?.aborted) throw error
    reportUnreachable()
    throw new OfflineError(path)
  }
  if (answer.status === 502 || answer.status === 504) {
    reportUnreachable()
    throw new OfflineError(path)
  }
  reportReachable()
  return answer
}

/** What the one sentence of an answer says, where its body has no place for that; null where it does not say. */
export function noticeOf(answer: Response): Notice | null {
  return headerValue<Notice>(answer, 'x-notice')
}

function headerValue<Value>(answer: Response, name: string): Value | null {
  try {
    const text = answer.headers.get(name)
    return text ? (JSON.parse(decodeURIComponent(text)) as Value) : null
  } catch {
    return null
  }
}

/** Sends a request and returns the raw answer; throws ApiError unless it is a success. */
export async function send(method: Method, path: string, options: Options = {}): Promise<Response> {
  let answer = await once(method, path, options)
  if (answer.status === 401 && !options.anonymous && reauthenticate) {
    await reauthenticate()
    answer = await once(method, path, options)
  }
  if (!answer.ok) {
    const text = await answer.text()
    let body: unknown = text
    try {
      body = JSON.parse(text)
    } catch {
      // Not JSON: the text itself is the body.
    }
    throw new ApiError(
      answer.status,
      path,
      body,
      answer.headers.get('x-error-reason'),
      noticeOf(answer)?.parameters,
      headerValue<FieldNotice[]>(answer, 'x-notices') ?? [],
    )
  }
  return answer
}

/** A request whose path is not in the generated types, or has parameters filled in. */
export async function request<Answer>(method: Method, path: string, options: Options = {}): Promise<Answer> {
  const answer = await send(method, path, options)
  if (answer.status === 204) return undefined as Answer
  const text = await answer.text()
  return (text ? JSON.parse(text) : undefined) as Answer
}

/** A request typed by the OpenAPI description. */
export function call<Path extends keyof paths, M extends Method & keyof paths[Path]>(
  method: M,
  path: Path,
  ...[body, options]: BodyOf<Operation<Path, M>> extends undefined
    ? [body?: undefined, options?: Omit<Options, 'body'>]
    : [body: BodyOf<Operation<Path, M>>, options?: Omit<Options, 'body'>]
): Promise<AnswerOf<Operation<Path, M>>> {
  return request(method, path as string, { ...options, body })
}
