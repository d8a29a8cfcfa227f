/** The processes: whether they serve, which model, which revision they confirmed and how fast. */
import type { ProcessFacts, Subscriber, SystemStatus } from '@/api/operations'
import { Badge, Card } from '@/ui/Card'
import { formatBytes, formatNumber, formatTime } from '@/i18n/format'
import { checkName, useOperationsText } from './texts'

interface Row {
  instance: string
  process?: ProcessFacts
  subscriber?: Subscriber
}

function rowsOf(status: SystemStatus): Row[] {
  const rows = new Map<string, Row>()
  for (const process of status.processes) rows.set(process.instance, { instance: process.instance, process })
  for (const subscriber of status.subscribers)
    rows.set(subscriber.instance, {
      ...rows.get(subscriber.instance),
      instance: subscriber.instance,
      subscriber,
    })
  return [...rows.values()]
}

function serves({ process, subscriber }: Row): boolean {
  if (process?.ok !== undefined) return process.ok
  if (process?.status !== undefined) return ['ok', 'serving', 'up'].includes(process.status.toLowerCase())
  return process !== undefined || subscriber !== undefined
}

export function ProcessesPanel({ status }: { status: SystemStatus }) {
  const t = useOperationsText()
  return (
    <Card
      title={t('processes')}
      description={`${t('processesAbout')} ${t('current', { revision: status.revision })}`}
    >
      <div className="overflow-x-auto" tabIndex={0} role="group" aria-label={t('processes')}>
        <table className="data-table">
          <thead>
            <tr>
              <th scope="col">{t('process')}</th>
              <th scope="col">{t('state')}</th>
              <th scope="col">{t('model')}</th>
              <th scope="col">{t('revision')}</th>
              <th scope="col">{t('lag')}</th>
              <th scope="col">{t('memory')}</th>
              <th scope="col">{t('started')}</th>
              <th scope="col">{t('problem')}</th>
            </tr>
          </thead>
          <tbody>
            {rowsOf(status).map((row) => {
              const revision = row.subscriber?.confirmed_revision ?? row.process?.control_revision
              const good = serves(row)
              return (
                <tr key={row.instance}>
                  <td>
                    <b className="text-heading">{row.instance}</b>
                    {row.process?.pid !== undefined && (
                      <span className="ml-1 text-[0.8rem] text-muted">pid {row.process.pid}</span>
                    )}
                  </td>
                  <td>
                    <Badge tone={good ? 'good' : 'bad'}>{t(good ? 'serving' : 'notServing')}</Badge>
                  </td>
                  <td>{row.process?.model_version || row.subscriber?.model_version || '–'}</td>
                  <td
                    className={
                      revision !== undefined && revision > 0 && revision < status.revision
                        ? 'text-warn'
                        : undefined
                    }
                  >
                    {revision || '–'}
                  </td>
                  <td className="tabular-nums">
                    {row.subscriber ? `${formatNumber(row.subscriber.lag_ms, 1)} ms` : '–'}
                  </td>
                  <td className="whitespace-nowrap tabular-nums">
                    {formatBytes(row.process?.resident_bytes)}
                  </td>
                  <td className="whitespace-nowrap">
                    {formatTime(row.process?.started_at ?? row.subscriber?.since)}
                  </td>
                  <td className="max-w-72 text-[0.84rem] break-words text-bad">
                    {row.subscriber?.last_problem || row.process?.detail || ''}
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
      <Checks checks={status.checks} />
    </Card>
  )
}

/** Whether a check passed, what is wrong, and how long it took. */
function CheckFacts({ check }: { check: unknown }) {
  const t = useOperationsText()
  if (typeof check !== 'object' || check === null) return <>{String(check)}</>
  const { ok, problem, latency_ms } = check as { ok?: boolean; problem?: string; latency_ms?: number }
  return (
    <>
      {ok !== undefined && (
        <Badge tone={problem ? (ok ? 'warn' : 'bad') : ok ? 'good' : 'plain'}>
          {t(problem ? 'troubled' : ok ? 'serving' : 'notServing')}
        </Badge>
      )}
      {latency_ms !== undefined && ` ${formatNumber(latency_ms, 1)} ms`}
      {problem && <span className="ml-1 text-bad">{problem}</span>}
    </>
  )
}

function Checks({ checks }: { checks: Record<string, unknown> }) {
  const t = useOperationsText()
  const entries = Object.entries(checks)
  if (entries.length === 0) return null
  return (
    <details className="mt-3">
      <summary className="text-accent-ink">
        {t('checks')} ({entries.length})
      </summary>
      <dl className="mt-2 grid gap-x-6 gap-y-1 text-[0.86rem] md:grid-cols-2">
        {entries.map(([name, check]) => (
          <div key={name} className="min-w-0">
            <dt className="font-semibold text-heading" title={name}>
              {checkName(t, name)}
            </dt>
            <dd className="break-words text-muted">
              <CheckFacts check={check} />
            </dd>
          </div>
        ))}
      </dl>
    </details>
  )
}
