/** Mean, ample and safe times of an operation, and the neighbours that they were calculated from. */
import { formatNumber, formatPercent } from '@/i18n/format'
import { useEvidence } from '../candidates/useCandidates'
import { processKey, type Operation, type Statistics, type TimeRange, type Times } from '../store/operation'
import { activeDocument, useRouting } from '../store/routingStore'
import { useRoutingText } from '../texts'

/** The operation's own statistics, else those that similar items give for its process. */
export function useStatistics(operation: Operation) {
  const itemCode = useRouting((state) => activeDocument(state)?.itemCode ?? null)
  const evidence = useEvidence(itemCode)
  const own = operation.statistics
  return {
    statistics: own ?? evidence.data?.get(processKey(operation)) ?? null,
    own: own !== null,
    isFetching: evidence.isFetching,
  }
}

interface TimeStatisticsProps {
  operation: Operation
  onUse: (key: keyof Times, value: number) => void
}

/** In the time editor. */
export function TimeStatistics({ operation, onUse }: TimeStatisticsProps) {
  const t = useRoutingText()
  const { statistics, own, isFetching } = useStatistics(operation)
  if (!statistics) {
    return <p className="mt-3 text-[0.86rem] text-muted">{isFetching ? '…' : t('noStatistics')}</p>
  }
  return (
    <section className="mt-3 border-t border-line pt-2" aria-label={t('statistics')}>
      <TimeFigures statistics={statistics} onUse={onUse} />
      {!own && <p className="mt-1 text-[0.8rem] text-muted">{t('statisticsFromNeighbours')}</p>}
      <Neighbours label={t('neighboursFor')} codes={statistics.neighboursFor} />
      <Neighbours label={t('neighboursAgainst')} codes={statistics.neighboursAgainst} />
    </section>
  )
}

const PROFILES = ['standard', 'optimal', 'safe'] as const

/** The ranges, each value a button that uses it, and how far they can be trusted. */
export function TimeFigures({
  statistics,
  onUse,
}: {
  statistics: Statistics
  onUse: TimeStatisticsProps['onUse']
}) {
  const t = useRoutingText()
  const rows: [keyof Times, string, TimeRange | null][] = [
    ['setup', t('setup'), statistics.setup],
    ['run', t('runTime'), statistics.run],
  ]
  return (
    <>
      <table className="w-full text-[0.84rem]">
        <caption className="mb-1 text-left font-semibold text-heading">{t('statistics')}</caption>
        <thead>
          <tr>
            <td />
            {PROFILES.map((profile) => (
              <th
                key={profile}
                scope="col"
                title={t(`${profile}Hint`)}
                className="px-1 text-right font-medium text-muted"
              >
                {t(profile)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([key, label, range]) => (
            <tr key={key}>
              <th scope="row" className="text-left font-medium text-muted">
                {label}
              </th>
              {PROFILES.map((profile) => {
                const value = range?.[profile] ?? null
                return (
                  <td key={profile} className="px-1 text-right tabular-nums">
                    {value === null ? (
                      '–'
                    ) : (
                      <button
                        type="button"
                        title={t('useValue', { value: formatNumber(value, 2) })}
                        className="min-h-[24px] min-w-[24px] rounded px-1 text-accent-ink underline decoration-dotted underline-offset-2 hover:bg-accent-soft"
                        onClick={() => onUse(key, value)}
                      >
                        <span className="sr-only">{`${label} ${t(profile)}: `}</span>
                        {formatNumber(value, 2)}
                      </button>
                    )}
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <dl className="mt-2 grid grid-cols-3 gap-1 text-[0.84rem]">
        <Fact label={t('samples')} value={formatNumber(statistics.samples, 0)} />
        <Fact label={t('confidence')} value={formatPercent(statistics.confidence)} />
        <Fact
          label={t('timeBelief')}
          value={formatPercent(statistics.timeBelief)}
          hint={t('timeBeliefHint')}
        />
      </dl>
    </>
  )
}

function Fact({ label, value, hint }: { label: string; value: string; hint?: string }) {
  return (
    <div title={hint}>
      <dt className="text-muted">{label}</dt>
      <dd className="font-semibold text-heading tabular-nums">{value}</dd>
    </div>
  )
}

function Neighbours({ label, codes }: { label: string; codes: readonly string[] }) {
  if (codes.length === 0) return null
  return (
    <details className="mt-1 text-[0.84rem]">
      <summary className="text-accent-ink">
        {label} ({codes.length})
      </summary>
      <p className="mt-0.5 max-h-24 overflow-auto font-mono text-[0.8rem]">{codes.join(', ')}</p>
    </details>
  )
}
