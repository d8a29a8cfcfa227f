/** What can go wrong with a request, and how to say it. */
import { commonText } from '@/i18n/common'
import { ScriptError } from '@/ui/scripts'
import { isKnown, noticeText } from '@/i18n/notices'
import type { Notice } from '@/i18n/notices'
import { fieldProblem, reasonSentence } from '@/i18n/reasons'

interface Problem {
  loc?: (string | number)[]
  msg: string
}

/** What one of the things says that are wrong with a request; `text` where it has no code. */
export interface FieldNotice extends Partial<Notice> {
  field: string
  text?: string
}

/** The server answered, but not with success. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly path: string,
    readonly body: unknown,
    /** The server's name for what is wrong, such as WRONG_PASSWORD; the same in every language. */
    readonly reason: string | null = null,
    /** The values of what is wrong: a path, a table, a limit ... */
    readonly parameters: Record<string, string> = {},
    /** What is wrong field by field, in the order of the body where that lists it. */
    readonly notices: readonly FieldNotice[] = [],
  ) {
    super(`${status} ${path}`)
  }

  get detail(): string | undefined {
    const detail = (this.body as { detail?: unknown } | null)?.detail
    if (typeof detail === 'string' && !this.isSaidByField) return detail
    if (Array.isArray(detail))
      return this.problems
        .map((problem, place) =>
          fieldProblem(
            problem.loc?.slice(1).join('.') ?? '',
            noticeText(problem.msg, noticeOf(this.notices[place])),
          ),
        )
        .join('\n')
    if (this.isSaidByField)
      return this.notices
        .map((one) => fieldProblem(one.field, noticeText(one.text, noticeOf(one))))
        .join('\n')
    if (detail && typeof detail === 'object') {
      const message = (detail as { message?: unknown }).message
      return typeof message === 'string' ? message : JSON.stringify(detail)
    }
    return undefined
  }

  /** Whether everything that is wrong can be said in the language of the screen, field by field. */
  get isSaidByField(): boolean {
    return this.notices.length > 0 && this.notices.every((one) => isKnown(noticeOf(one)))
  }

  get problems(): Problem[] {
    const detail = (this.body as { detail?: unknown } | null)?.detail
    return Array.isArray(detail) ? (detail as Problem[]) : []
  }
}

function noticeOf(one: FieldNotice | undefined): Notice | undefined {
  return one?.code ? { code: one.code, parameters: { field: one.field, ...one.parameters } } : undefined
}

/** The server could not be reached. */
export class OfflineError extends Error {
  constructor(readonly path: string) {
    super(`offline: ${path}`)
  }
}

export function isOffline(error: unknown): error is OfflineError {
  return error instanceof OfflineError
}

export function statusOf(error: unknown): number | undefined {
  return error instanceof ApiError ? error.status : undefined
}

export function reasonOf(error: unknown): string | null {
  return error instanceof ApiError ? error.reason : null
}

/** One sentence for people. */
export function describeError(error: unknown): string {
  if (isOffline(error)) return commonText('errorOffline')
  if (error instanceof ScriptError) return `${commonText('scriptFailed')}. ${commonText('scriptReplaced')}`
  if (error instanceof ApiError) {
    if (error.status === 404 && (error.reason === 'NO_SUCH_PATH' || !error.reason))
      return commonText('errorMissingRoute', { path: error.path })
    const known = reasonSentence(error.reason, error.detail, error.parameters, error.isSaidByField)
    if (known) return known
    if (error.detail) return error.detail
    if (error.status === 403) return commonText('errorForbidden')
    return `${commonText('errorUnknown')} (${error.status})`
  }
  return error instanceof Error && error.message ? error.message : commonText('errorUnknown')
}
