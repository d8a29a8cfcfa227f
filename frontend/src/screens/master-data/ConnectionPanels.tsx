/** The state of the source, and who asked for what. */
import { useQuery } from '@tanstack/react-query'
import { Download, RefreshCw } from 'lucide-react'
import { request, send } from '@/api/client'
import { describeError } from '@/api/errors'
import { useSnapshot } from '@/api/operations'
import type { MasterLogs } from '@/api/types'
import { Badge, Card } from '@/ui/Card'
import { Button } from '@/ui/Button'
import { downloadFile } from '@/ui/files'
import { QueryPanel } from '@/ui/PanelState'
import { notify } from '@/ui/toasts'
import { useCommonText } from '@/i18n/common'
import { auditFacts, auditWord } from '@/i18n/auditWords'
import { formatTime } from '@/i18n/format'
import { useMasterText } from './texts'

function useLogs() {
  return useQuery({
    queryKey: ['master-logs'],
    staleTime: 10_000,
    queryFn: ({ signal }) =>
      request<MasterLogs>('get', '/api/master-data/logs', { query: { limit: 5 }, signal }),
  })
}

async function downloadLog() {
  try {
    const answer = await send('get', '/api/master-data/logs/download')
    downloadFile('master_data.log', await answer.blob(), 'text/plain')
  } catch (error) {
    notify('bad', describeError(error))
  }
}

export function ConnectionPanel() {
  const t = useMasterText()
  const common = useCommonText()
  const logs = useLogs()
  const snapshot = useSnapshot()
  return (
    <Card title={t('connection')} description={t('connectionAbout')}>
      <QueryPanel query={logs}>
        {({ connection }) => {
          const good = connection.status === 'connected'
          const other = good ? null : (snapshot.data?.source ?? null)
          const state = good ? 'connected' : other ? 'otherSource' : 'disconnected'
          return (
            <dl className="space-y-2">
              <div>
                <dt className="text-[0.84rem] text-muted">{t('state')}</dt>
                <dd>
                  <Badge tone={good ? 'good' : other ? 'warn' : 'bad'}>{t(state)}</Badge>
                  {!good && (
                    <p className="mt-1 text-[0.84rem]">{t(other ? 'otherSourceHint' : 'disconnectedHint')}</p>
                  )}
                </dd>
              </div>
              {other && (
                <div>
                  <dt className="text-[0.84rem] text-muted">{t('sourceInUse')}</dt>
                  <dd className="break-all">{other}</dd>
                </div>
              )}
              <div>
                <dt className="text-[0.84rem] text-muted">{t('path')}</dt>
                <dd className="break-all">{connection.path}</dd>
              </div>
              <div>
                <dt className="text-[0.84rem] text-muted">{t('lastSync')}</dt>
                <dd>{formatTime(connection.last_sync ?? (other ? snapshot.data?.read_at : null))}</dd>
              </div>
            </dl>
          )
        }}
      </QueryPanel>
      <div className="mt-4 flex flex-wrap gap-2">
        <Button size="sm" icon={RefreshCw} busy={logs.isFetching} onClick={() => void logs.refetch()}>
          {common('refresh')}
        </Button>
        <Button size="sm" icon={Download} onClick={() => void downloadLog()}>
          {t('downloadLog')}
        </Button>
      </div>
    </Card>
  )
}

/** A target is a name, or facts as JSON. */
function factsOf(target: string): string {
  if (!target.startsWith('{')) return target
  try {
    return auditFacts(JSON.parse(target) as Record<string, unknown>)
  } catch {
    return target
  }
}

export function AuditPanel() {
  const t = useMasterText()
  const logs = useLogs()
  return (
    <Card title={t('audit')} description={t('auditAbout')}>
      <QueryPanel
        query={logs}
        isEmpty={(data) => data.logs.length === 0}
        empty={<p className="text-muted">{t('auditEmpty')}</p>}
      >
        {(data) => (
          <ul className="space-y-2">
            {data.logs.map((entry, index) => (
              <li key={index} className="min-w-0">
                <div className="truncate font-semibold text-heading">
                  <span title={entry.action}>{auditWord(entry.action)}</span>
                  {factsOf(entry.target) && ` · ${factsOf(entry.target)}`}
                </div>
                <div className="text-[0.82rem] text-muted">
                  {formatTime(entry.timestamp)} · {entry.ip} · {entry.user}
                </div>
              </li>
            ))}
          </ul>
        )}
      </QueryPanel>
    </Card>
  )
}
