/** A version beside the active one before it is activated: what it would propose otherwise for a sample of items. */
import { GitCompareArrows } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import {
  useComparison,
  type ComparedItem,
  type Comparison,
  type ProposalDifference,
} from '@/api/versionComparison'
import { parseItemCodes } from '@/screens/routing/inputs/parseItemCodes'
import { Button } from '@/ui/Button'
import { Badge, Card, Figure } from '@/ui/Card'
import { TextField } from '@/ui/Field'
import { goToWrongNumber, NumberField } from '@/ui/NumberField'
import { Empty, Failed, Loading } from '@/ui/PanelState'
import { TextLink } from '@/ui/TextLink'
import { formatNumber, formatPercent } from '@/i18n/format'
import { useModelsText } from './texts'

const MOST_ITEMS = 500

export function ComparisonPanel({ version, active }: { version: string; active: string }) {
  const t = useModelsText()
  const [codes, setCodes] = useState('')
  const [sample, setSample] = useState(50)
  const compare = useComparison()
  const named = parseItemCodes(codes, MOST_ITEMS).codes
  const start = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    if (!goToWrongNumber(event.currentTarget)) compare.mutate({ version, codes: named, sample })
  }
  return (
    <Card title={t('comparison')} description={t('comparisonAbout', { version, active })}>
      <form className="mb-3 flex flex-wrap items-end gap-3" onSubmit={start} noValidate>
        <NumberField
          label={t('comparisonSample')}
          className="w-32"
          min={1}
          max={MOST_ITEMS}
          digits={0}
          disabled={named.length > 0}
          value={sample}
          onChange={(value) => setSample(value ?? 1)}
        />
        <TextField
          label={t('comparisonCodes')}
          className="min-w-60 flex-1"
          placeholder={t('comparisonCodesHint')}
          value={codes}
          onChange={(event) => setCodes(event.target.value)}
        />
        <Button type="submit" variant="primary" icon={GitCompareArrows} busy={compare.isPending}>
          {t('comparisonRun')}
        </Button>
      </form>
      {compare.isPending ? (
        <Loading rows={4} />
      ) : compare.isError ? (
        <Failed error={compare.error} />
      ) : compare.data ? (
        <Result found={compare.data} />
      ) : (
        <Empty title={t('comparisonNone')} hint={t('comparisonNoneHint')} />
      )}
    </Card>
  )
}

function Result({ found }: { found: Comparison }) {
  const t = useModelsText()
  const changed = found.items.filter((item) => item.changes.length > 0)
  return (
    <>
      <div className="grid grid-cols-2 gap-4 md:grid-cols-4 2xl:grid-cols-8" role="status">
        <Figure
          label={t('comparedSame')}
          value={formatPercent(found.compared ? found.same / found.compared : null)}
          remark={t('comparedOf', { same: found.same, all: found.compared })}
        />
        <Figure label={t('change.added')} value={formatNumber(found.added, 0)} />
        <Figure label={t('change.removed')} value={formatNumber(found.removed, 0)} />
        <Figure label={t('change.moved')} value={formatNumber(found.moved, 0)} />
        <Figure label={t('change.time')} value={formatNumber(found.times, 0)} remark={t('timesHint')} />
        <Figure
          label={t('comparedMinutes')}
          value={formatNumber(found.minutes_after - found.minutes_before, 0)}
          remark={t('comparedMinutesOf', {
            before: formatNumber(found.minutes_before, 0),
            after: formatNumber(found.minutes_after, 0),
          })}
        />
        <Figure
          label={t('comparedNearer')}
          value={`${formatNumber(found.nearer, 0)} / ${formatNumber(found.farther, 0)}`}
          remark={t('comparedNearerOf', { all: formatNumber(found.with_routing, 0) })}
        />
        <Figure
          label={t('comparedUnanswered')}
          value={`${formatNumber(found.unanswered_before, 0)} → ${formatNumber(found.unanswered_after, 0)}`}
        />
      </div>
      {found.unknown_items.length > 0 && (
        <p className="mt-2 text-[0.86rem] text-warn">
          {t('comparedUnknown', { codes: found.unknown_items.join(', ') })}
        </p>
      )}
      {changed.length === 0 ? (
        <p className="mt-3 text-good">{t('comparedAllSame')}</p>
      ) : (
        <div
          className="mt-3 max-h-[30rem] overflow-auto rounded-xl border border-line"
          tabIndex={0}
          role="group"
          aria-label={t('comparedItems')}
        >
          <table className="data-table">
            <thead className="sticky top-0 z-10 bg-[oklch(0.95_0.025_228)]">
              <tr>
                <th scope="col">{t('comparedItem')}</th>
                <th scope="col">{t('comparedOperations')}</th>
                <th scope="col">{t('comparedTimes')}</th>
                <th scope="col">{t('comparedCorrections')}</th>
                <th scope="col">{t('comparedChanges')}</th>
              </tr>
            </thead>
            <tbody>
              {changed.map((item) => (
                <Row key={item.item_code} item={item} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  )
}

function Row({ item }: { item: ComparedItem }) {
  const t = useModelsText()
  const then = (before: number | null | undefined, after: number | null | undefined) =>
    `${formatNumber(before)} → ${formatNumber(after)}`
  const better = (item.corrections_after ?? 0) - (item.corrections_before ?? 0)
  return (
    <tr data-compared={item.item_code}>
      <td>
        <TextLink
          href={`/routing?items=${encodeURIComponent(item.item_code)}`}
          className="font-semibold whitespace-nowrap"
          title={t('comparedOpen', { code: item.item_code })}
        >
          {item.item_code}
        </TextLink>
        <span className="block max-w-56 truncate text-[0.82rem] text-muted">
          <bdi>{[item.item_name, item.drawing].filter(Boolean).join(' · ')}</bdi>
        </span>
      </td>
      <td className="whitespace-nowrap tabular-nums">
        {then(item.operations_before, item.operations_after)}
      </td>
      <td className="whitespace-nowrap tabular-nums">{then(item.minutes_before, item.minutes_after)}</td>
      <td className="whitespace-nowrap tabular-nums">
        <span className={better < 0 ? 'text-good' : better > 0 ? 'text-bad' : undefined}>
          {then(item.corrections_before, item.corrections_after)}
        </span>
      </td>
      <td>
        <span className="flex flex-wrap gap-1">
          {item.changes.map((change, place) => (
            <ChangeBadge key={place} change={change} />
          ))}
        </span>
      </td>
    </tr>
  )
}

const TONES = { added: 'good', removed: 'bad', moved: 'warn', time: 'accent' } as const

function ChangeBadge({ change }: { change: ProposalDifference }) {
  const t = useModelsText()
  const kind = change.kind as keyof typeof TONES
  const name = [change.process_code, change.process_name].filter(Boolean).join(' ')
  const figures =
    kind === 'time' || kind === 'moved' ? ` ${formatNumber(change.from)} → ${formatNumber(change.to)}` : ''
  return (
    <Badge tone={TONES[kind] ?? 'plain'}>
      {t(`change.${kind}`)}: <bdi>{name}</bdi>
      {kind === 'time' && change.field === 'SETUP_TIME' && ` (${t('setupTime')})`}
      <span className="tabular-nums">{figures}</span>
    </Badge>
  )
}
