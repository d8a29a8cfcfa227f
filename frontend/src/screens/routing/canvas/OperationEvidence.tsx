/** Why the selected operation is proposed: what neighbours and features say, the neighbours' codes, and its times. */
import { memo } from 'react'
import { useLocation } from 'wouter'
import { Badge } from '@/ui/Card'
import { formatPercent } from '@/i18n/format'
import type { Operation, Reason, Statistics } from '../store/operation'
import { activeDocument, useRouting } from '../store/routingStore'
import { useRoutingText } from '../texts'
import { featureLabel } from '../weights/featureLabels'
import { TimeFigures, useStatistics } from './TimeStatistics'

export const OperationEvidence = memo(function OperationEvidence() {
  const t = useRoutingText()
  const operation = useRouting(
    (state) => activeDocument(state)?.operations.present.find((one) => one.id === state.selectedId) ?? null,
  )
  if (!operation) return <p className="mt-3 text-[0.86rem] text-muted">{t('evidenceHint')}</p>
  return (
    <section className="tile @container mt-3 px-4 py-3" aria-label={t('evidence')}>
      <EvidenceOf operation={operation} />
    </section>
  )
})

function EvidenceOf({ operation }: { operation: Operation }) {
  const t = useRoutingText()
  const { statistics, own, isFetching } = useStatistics(operation)
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <h3 className="text-[0.95rem]">
          {t('evidence')}: {operation.code} {operation.name}
        </h3>
        {statistics && <Belief value={statistics.belief} />}
      </div>
      {statistics ? (
        <div className="mt-1 grid gap-x-6 gap-y-3 @2xl:grid-cols-[minmax(0,1fr)_19rem]">
          <div className="min-w-0">
            <Why statistics={statistics} own={own} />
            <NeighbourCodes label={t('neighboursFor')} codes={statistics.neighboursFor} />
            <NeighbourCodes label={t('neighboursAgainst')} codes={statistics.neighboursAgainst} />
          </div>
          <div className="min-w-0">
            <TimeFigures
              statistics={statistics}
              onUse={(key, value) => useRouting.getState().editTimes(operation.id, { [key]: value })}
            />
          </div>
        </div>
      ) : (
        <p className="mt-1 text-[0.86rem] text-muted">{isFetching ? '…' : t('noEvidence')}</p>
      )}
    </>
  )
}

function Belief({ value }: { value: number | null }) {
  const t = useRoutingText()
  if (value === null) return null
  const tone = value >= 0.8 ? 'good' : value >= 0.5 ? 'warn' : 'bad'
  return <Badge tone={tone}>{t('belief', { share: formatPercent(value) })}</Badge>
}

function Why({ statistics, own }: { statistics: Statistics; own: boolean }) {
  const t = useRoutingText()
  const have = statistics.neighboursFor.length
  const all = have + statistics.neighboursAgainst.length
  return (
    <div className="text-[0.88rem]">
      {!own && <p className="text-muted">{t('evidenceFromNeighbours')}</p>}
      {all > 0 && (
        <p>
          {t('whyNeighbours', { have, all })}
          {statistics.support !== null && ` (${t('support')} ${formatPercent(statistics.support)})`}
        </p>
      )}
      {statistics.learned === null ? (
        statistics.belief !== null && <p>{t('whyRare')}</p>
      ) : (
        <p>
          {t('whyLearned', { share: formatPercent(statistics.learned) })}
          {statistics.reasons.length > 0 && (
            <>
              {' '}
              <span className="text-muted">{t('whyFeatures')}</span> <Reasons reasons={statistics.reasons} />
            </>
          )}
        </p>
      )}
      {statistics.changes.map(({ feature, value, items, of }) => (
        <p key={feature}>{t('whyNot', { feature: featureLabel(feature), value, items, of })}</p>
      ))}
    </div>
  )
}

function Reasons({ reasons }: { reasons: readonly Reason[] }) {
  const t = useRoutingText()
  return (
    <span className="font-medium text-heading">
      {reasons
        .map(({ feature, value }) => `${featureLabel(feature)} = ${value ?? t('featureAbsent')}`)
        .join(' · ')}
    </span>
  )
}

/** Codes of neighbours; each opens its item in the master data. */
function NeighbourCodes({ label, codes }: { label: string; codes: readonly string[] }) {
  const t = useRoutingText()
  const [, navigate] = useLocation()
  if (codes.length === 0) return null
  return (
    <div className="mt-2">
      <div className="text-[0.84rem] text-muted">
        {label} ({codes.length})
      </div>
      <ul aria-label={label} className="mt-0.5 flex max-h-24 flex-wrap gap-1 overflow-y-auto p-0.5">
        {codes.map((code) => (
          <li key={code}>
            <button
              type="button"
              title={t('openItem', { code })}
              className="rounded-full border border-line-strong px-2 font-mono text-[0.8rem] text-accent-ink hover:bg-accent-soft"
              onClick={() => navigate(`/master-data?item=${encodeURIComponent(code)}`)}
            >
              {code}
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}
