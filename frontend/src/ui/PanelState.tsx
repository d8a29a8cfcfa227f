/** What a panel shows while it has no data: loading, empty, offline or failed, each with what to do next. */
import type { UseQueryResult } from '@tanstack/react-query'
import { Inbox, RefreshCw, ServerOff, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { describeError, isOffline } from '@/api/errors'
import { useCommonText } from '@/i18n/common'
import { Button } from './Button'

export function Loading({ rows = 3 }: { rows?: number }) {
  const t = useCommonText()
  return (
    <div role="status" aria-label={t('loading')} className="flex flex-col gap-2">
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className="skeleton h-6" />
      ))}
    </div>
  )
}

export function Empty({ title, hint, action }: { title: ReactNode; hint?: ReactNode; action?: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-1 rounded-2xl border border-dashed border-line-strong px-4 py-6 text-center">
      <Inbox className="size-6 text-muted" aria-hidden />
      <p className="font-medium text-heading">{title}</p>
      {hint && <p className="text-[0.86rem] text-muted">{hint}</p>}
      {action && <div className="mt-2">{action}</div>}
    </div>
  )
}

export function Failed({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const t = useCommonText()
  const offline = isOffline(error)
  const Icon = offline ? ServerOff : TriangleAlert
  return (
    <div
      role="alert"
      className="flex flex-col items-center gap-2 rounded-2xl border border-bad/40 bg-bad-soft px-4 py-5 text-center"
    >
      <Icon className="size-6 text-bad" aria-hidden />
      <p className="font-medium text-heading">{offline ? t('panelOffline') : t('panelFailed')}</p>
      <p className="text-[0.86rem] break-words text-body">
        {offline ? t('panelOfflineHint') : describeError(error)}
      </p>
      {onRetry && (
        <Button size="sm" icon={RefreshCw} onClick={onRetry}>
          {t('retry')}
        </Button>
      )}
    </div>
  )
}

interface QueryPanelProps<Data> {
  query: UseQueryResult<Data>
  /** What the query waits for; when that fails, the panel says so instead of waiting for ever. */
  after?: Pick<UseQueryResult, 'data' | 'isError' | 'error' | 'refetch'>
  rows?: number
  isEmpty?: (data: Data) => boolean
  empty?: ReactNode
  children: (data: Data) => ReactNode
}

/** Shows a query's data; stale data stays visible when a later refresh fails. */
export function QueryPanel<Data>({ query, after, rows, isEmpty, empty, children }: QueryPanelProps<Data>) {
  if (query.data === undefined) {
    if (query.isError) return <Failed error={query.error} onRetry={() => void query.refetch()} />
    if (after?.isError && after.data === undefined)
      return <Failed error={after.error} onRetry={() => void after.refetch()} />
    return <Loading rows={rows} />
  }
  if (empty && isEmpty?.(query.data)) return <>{empty}</>
  return <>{children(query.data)}</>
}
