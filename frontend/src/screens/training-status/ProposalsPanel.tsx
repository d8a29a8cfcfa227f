/** What planners did with proposed routings: how often they took them as they were, and which operations they changed most. */
import { useState } from 'react'
import { useProposalReport, type ProposalReport } from '@/api/proposals'
import { Card, Figure } from '@/ui/Card'
import { SelectField } from '@/ui/Field'
import { Empty, QueryPanel } from '@/ui/PanelState'
import { formatNumber, formatPercent } from '@/i18n/format'
import { useTrainingText } from './texts'

const DAYS = [7, 30, 90, 365, 3650] as const
const MOST_OPERATIONS = 10

export function ProposalsPanel() {
  const t = useTrainingText()
  const [days, setDays] = useState<number>(90)
  const report = useProposalReport(days)
  return (
    <Card
      title={t('proposals')}
      description={t('proposalsAbout')}
      actions={
        <SelectField
          label={t('period')}
          hideLabel
          value={String(days)}
          options={DAYS.map((value) => ({ value: String(value), label: t(`days.${value}`) }))}
          onChange={(event) => setDays(Number(event.target.value))}
        />
      }
    >
      <QueryPanel
        query={report}
        rows={4}
        isEmpty={(data) => data.reviews === 0}
        empty={<Empty title={t('proposalsEmpty')} hint={t('proposalsEmptyHint')} />}
      >
        {(data) => <Report report={data} />}
      </QueryPanel>
    </Card>
  )
}

function Report({ report }: { report: ProposalReport }) {
  const t = useTrainingText()
  return (
    <div className="flex flex-col gap-4">
      <div className="grid grid-cols-3 gap-3">
        <Figure label={t('acceptance')} value={formatPercent(report.acceptance_rate, 1)} />
        <Figure label={t('accepted')} value={formatNumber(report.accepted, 0)} />
        <Figure label={t('reviews')} value={formatNumber(report.reviews, 0)} />
      </div>
      <Versions report={report} />
      <Operations report={report} />
    </div>
  )
}

function Versions({ report }: { report: ProposalReport }) {
  const t = useTrainingText()
  return (
    <table className="data-table">
      <caption className="mb-1 text-left text-[0.88rem] font-semibold text-heading">{t('byVersion')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('version')}</th>
          <th scope="col" className="text-right!">
            {t('acceptance')}
          </th>
          <th scope="col" className="text-right!">
            {t('reviews')}
          </th>
        </tr>
      </thead>
      <tbody>
        {report.versions.map((version) => (
          <tr key={version.model_version}>
            <th scope="row" className="[overflow-wrap:anywhere] whitespace-normal!">
              {version.model_version || t('unknownVersion')}
            </th>
            <td className="text-right tabular-nums">
              <Share value={version.acceptance_rate ?? null} />
            </td>
            <td className="text-right tabular-nums">{formatNumber(version.reviews, 0)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** A share as a bar behind its figure. */
function Share({ value }: { value: number | null }) {
  return (
    <span className="inline-flex items-center gap-2">
      <span aria-hidden className="h-2 w-16 overflow-hidden rounded-full bg-field">
        <span className="block h-full bg-fill" style={{ width: `${100 * (value ?? 0)}%` }} />
      </span>
      {formatPercent(value, 1)}
    </span>
  )
}

const CHANGES = ['added', 'removed', 'moved', 'times_edited'] as const

function Operations({ report }: { report: ProposalReport }) {
  const t = useTrainingText()
  const [all, setAll] = useState(false)
  const changed = report.operations.filter((one) => CHANGES.some((kind) => one[kind] > 0))
  if (changed.length === 0) return <p className="text-[0.88rem] text-muted">{t('nothingChanged')}</p>
  const shown = all ? changed : changed.slice(0, MOST_OPERATIONS)
  return (
    <div className="overflow-x-auto">
      <table className="data-table">
        <caption className="mb-1 text-left text-[0.88rem] font-semibold text-heading">
          {t('mostChanged')}
        </caption>
        <thead>
          <tr>
            <th scope="col">{t('operation')}</th>
            <th scope="col" className="text-right!">
              {t('kept')}
            </th>
            {CHANGES.map((kind) => (
              <th key={kind} scope="col" className="text-right!">
                {t(`change.${kind}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((one) => (
            <tr key={one.process_code}>
              <th scope="row">{one.process_code}</th>
              <td className="text-right tabular-nums">
                {formatNumber(one.kept, 0)} / {formatNumber(one.proposed, 0)}
              </td>
              {CHANGES.map((kind) => (
                <td key={kind} className="text-right tabular-nums">
                  {one[kind] ? formatNumber(one[kind], 0) : '–'}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {changed.length > MOST_OPERATIONS && (
        <button
          type="button"
          className="mt-2 text-[0.86rem] text-accent-ink underline underline-offset-2"
          onClick={() => setAll(!all)}
        >
          {all ? t('fewer') : t('showAll', { count: changed.length })}
        </button>
      )}
    </div>
  )
}
