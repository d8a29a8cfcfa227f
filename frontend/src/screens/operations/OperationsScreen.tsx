/** 운영 현황: what the running system does now and did in the last hour. */
import {
  useDashboard,
  useDashboardStream,
  useSystemStatus,
  type Dashboard,
  type SystemStatus,
} from '@/api/operations'
import { Badge, Card, Figure } from '@/ui/Card'
import { QueryPanel } from '@/ui/PanelState'
import { formatNumber, formatPercent, formatSeconds } from '@/i18n/format'
import { ErpPanel } from './ErpPanel'
import { HistoryCharts } from './HistoryCharts'
import { ProcessesPanel } from './ProcessesPanel'
import { SnapshotPanel } from './SnapshotPanel'
import { checkName, useOperationsText } from './texts'

const WINDOW_SECONDS = 300

export default function OperationsScreen() {
  useDashboardStream()
  const dashboard = useDashboard()
  const status = useSystemStatus()
  return (
    <div className="flex flex-col gap-5">
      <QueryPanel query={dashboard} rows={8}>
        {(data) => (
          <>
            <Figures dashboard={data} status={status.data} />
            <HistoryCharts history={data.history} />
          </>
        )}
      </QueryPanel>
      <QueryPanel query={status} rows={6}>
        {(data) => <ProcessesPanel status={data} />}
      </QueryPanel>
      {dashboard.data && <SnapshotPanel dashboard={dashboard.data} />}
      <ErpPanel />
    </div>
  )
}

function Figures({ dashboard, status }: { dashboard: Dashboard; status: SystemStatus | undefined }) {
  const t = useOperationsText()
  const { latency, search_cache: cache, snapshot } = dashboard
  const asked = (cache.hits ?? 0) + (cache.misses ?? 0)
  const hitRate = cache.hit_rate ?? (asked > 0 ? (cache.hits ?? 0) / asked : null)
  const health = status?.status ?? ''
  const known = health === 'ok' || health === 'degraded' || health === 'down'
  return (
    <div
      // Seven: the last is as broad as two where there are fewer columns, so that no place stays empty.
      className="grid grid-cols-2 gap-4 *:last:col-span-2 md:grid-cols-4 xl:grid-cols-7 xl:*:last:col-span-1"
      aria-live="off"
    >
      <Card>
        <Figure
          label={t('health')}
          value={
            <Badge tone={health === 'ok' ? 'good' : health === 'down' ? 'bad' : 'warn'}>
              {known ? t(`health.${health}`) : health || '–'}
            </Badge>
          }
          remark={<Troubled checks={status?.checks} detail={status?.detail} />}
        />
      </Card>
      <Card>
        <Figure label={t('model')} value={dashboard.model_version ?? '–'} />
      </Card>
      <Card>
        <Figure
          label={t('rate')}
          value={t('perSecond', { value: formatNumber(latency.requests / WINDOW_SECONDS, 2) })}
          remark={t('lastMinutes')}
        />
      </Card>
      <Card>
        <Figure
          label={`${t('latency')} p95`}
          value={`${formatNumber(latency.p95_ms, 1)} ms`}
          remark={`p50 ${formatNumber(latency.p50_ms, 1)} · p99 ${formatNumber(latency.p99_ms, 1)}`}
        />
      </Card>
      <Card>
        <Figure
          label={t('cacheHit')}
          value={formatPercent(hitRate, 1)}
          remark={
            cache.capacity === undefined
              ? undefined
              : t('cacheFacts', {
                  entries: formatNumber(cache.entries ?? 0, 0),
                  capacity: formatNumber(cache.capacity, 0),
                })
          }
        />
      </Card>
      <Card>
        <Figure
          label={t('errors')}
          value={formatPercent(latency.error_rate, 2)}
          remark={t('refused', { count: formatNumber(latency.refused, 0) })}
        />
      </Card>
      <Card>
        <Figure
          label={t('snapshotAge')}
          value={formatSeconds(snapshot?.age_seconds)}
          remark={
            snapshot
              ? t('snapshotFacts', {
                  items: formatNumber(snapshot.items, 0),
                  rows: formatNumber(snapshot.routing_rows, 0),
                })
              : undefined
          }
        />
      </Card>
    </div>
  )
}

/** What is not well, by its name; the server's own words, which are English, are its tooltip. */
function Troubled({
  checks = {},
  detail,
}: {
  checks?: SystemStatus['checks']
  detail: string | null | undefined
}) {
  const t = useOperationsText()
  const names = Object.entries(checks).filter(([, check]) => (check as { problem?: string | null })?.problem)
  if (names.length === 0) return null
  return <span title={detail ?? undefined}>{names.map(([name]) => checkName(t, name)).join(', ')}</span>
}
