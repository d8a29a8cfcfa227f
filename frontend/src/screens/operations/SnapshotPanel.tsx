/** The snapshot of the source that serves, and its caches. */
import { useMutation } from '@tanstack/react-query'
import { RefreshCw } from 'lucide-react'
import { request } from '@/api/client'
import { describeError } from '@/api/errors'
import { useSnapshot, type Dashboard } from '@/api/operations'
import { queryClient } from '@/api/queryClient'
import { Button } from '@/ui/Button'
import { Card, Figure } from '@/ui/Card'
import { ReadingBar } from '@/ui/ReadingBar'
import { notify } from '@/ui/toasts'
import { formatBytes, formatNumber, formatPercent, formatTime } from '@/i18n/format'
import { noticeTexts } from '@/i18n/notices'
import { useOperationsText } from './texts'

export function SnapshotPanel({ dashboard }: { dashboard: Dashboard }) {
  const t = useOperationsText()
  const { snapshot } = dashboard
  const now = useSnapshot().data
  /** The word for a cached table; one that is not known stays as it is. */
  const tableName = (name: string) => {
    const word = t(`table.${name}` as 'table.routing')
    return word === `table.${name}` ? name : word
  }
  const refresh = useMutation({
    mutationFn: () => request<unknown>('post', '/api/master-data/refresh', { body: { force: true } }),
    onSuccess: () => {
      notify('good', t('refreshed'))
      void queryClient.invalidateQueries()
    },
    onError: (error) => notify('bad', describeError(error)),
  })
  return (
    <Card
      title={t('source')}
      description={snapshot?.source}
      actions={
        <Button icon={RefreshCw} busy={refresh.isPending} onClick={() => refresh.mutate()}>
          {t('refresh')}
        </Button>
      }
    >
      <ReadingBar reading={now?.reading} share={now?.reading_share} />
      {snapshot && (
        <>
          <div className="grid grid-cols-2 gap-4 *:last:col-span-2 md:grid-cols-5 md:*:last:col-span-1">
            <Figure label={t('readAt')} value={formatTime(snapshot.read_at)} />
            <Figure
              label={t('withRouting')}
              value={`${formatNumber(snapshot.items_with_routing, 0)} / ${formatNumber(snapshot.items, 0)}`}
            />
            <Figure label={t('results')} value={formatNumber(snapshot.work_result_rows, 0)} />
            <Figure label={t('memory')} value={formatBytes(snapshot.bytes)} />
            <Figure label={t('tag')} value={snapshot.tag ?? '–'} />
          </div>
          {snapshot.last_error && (
            <p role="alert" className="mt-3 rounded-xl bg-bad-soft px-3 py-2 text-bad">
              {t('lastError')}: {snapshot.last_error}
            </p>
          )}
          {snapshot.findings.length > 0 && (
            <details className="mt-3">
              <summary className="text-accent-ink">
                {t('findings', { count: snapshot.findings.length })}
              </summary>
              <ul className="mt-1 max-h-48 list-disc overflow-y-auto pl-5 text-[0.86rem]">
                {noticeTexts(snapshot.findings, snapshot.finding_notices).map((finding) => (
                  <li key={finding}>{finding}</li>
                ))}
              </ul>
            </details>
          )}
        </>
      )}
      <h3 className="mt-4 text-[0.95rem]">{t('tables')}</h3>
      <table className="data-table">
        <thead>
          <tr>
            <th scope="col">{t('table')}</th>
            <th scope="col">{t('hits')}</th>
            <th scope="col">{t('misses')}</th>
            <th scope="col">{t('cacheHit')}</th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(dashboard.tables).map(([name, table]) => (
            <tr key={name}>
              <th scope="row" title={name}>
                {tableName(name)}
              </th>
              <td className="tabular-nums">{formatNumber(table.stats.hits, 0)}</td>
              <td className="tabular-nums">{formatNumber(table.stats.misses, 0)}</td>
              <td className="tabular-nums">{formatPercent(table.stats.hit_rate, 1)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  )
}
