/** What stands in the cells of the work list. */
import clsx from 'clsx'
import { CircleAlert, CircleCheck, CircleHelp, TriangleAlert } from 'lucide-react'
import { formatNumber, formatPercent } from '@/i18n/format'
import { warningText } from '../metrics/warnings'
import { useRoutingText } from '../texts'
import { isSame, type Difference } from './difference'
import { tone, type WorkRow } from './rows'

export function Text({ value }: { value: string | null | undefined }) {
  return (
    <td className="max-w-40 truncate" title={value ?? undefined}>
      <bdi>{value ?? '–'}</bdi>
    </td>
  )
}

const TONE_TEXT = { good: 'text-good', warn: 'text-warn', bad: 'text-bad' }
const TONE_ICON = { good: CircleCheck, warn: CircleHelp, bad: CircleAlert }

/** A share with colour and sign: neither is alone. */
export function Confidence({ value }: { value: number | null }) {
  const t = useRoutingText()
  if (value === null)
    return (
      <span className="text-muted" title={t('notEstimated')}>
        –
      </span>
    )
  const kind = tone(value)
  const Icon = TONE_ICON[kind]
  return (
    <span className={clsx('inline-flex items-center gap-1 font-semibold', TONE_TEXT[kind])}>
      <Icon className="size-3.5" aria-hidden />
      {formatPercent(value)}
    </span>
  )
}

export function Warnings({ row }: { row: WorkRow }) {
  const t = useRoutingText()
  const texts = row.unknown
    ? [t('unknownItem')]
    : row.warnings.length > 0
      ? row.warnings.map(warningText)
      : row.operations === 0
        ? [t('noRouting')]
        : []
  if (texts.length === 0) return <span className="text-muted">–</span>
  return (
    <span className="inline-flex max-w-56 items-center gap-1 text-warn" title={texts.join('\n')}>
      <TriangleAlert className="size-3.5 shrink-0" aria-hidden />
      <span className="truncate">{texts.join(' ')}</span>
    </span>
  )
}

/** "+1 −2 ⇄1 · 시간 3", or that nothing differs. */
export function DifferenceText({ difference }: { difference: Difference | null }) {
  const t = useRoutingText()
  if (!difference) return <span className="text-muted">{t('noCurrent')}</span>
  if (isSame(difference)) return <span className="text-good">{t('sameAsNow')}</span>
  const parts = [
    difference.added > 0 && t('diff.added', { count: difference.added }),
    difference.removed > 0 && t('diff.removed', { count: difference.removed }),
    difference.moved > 0 && t('diff.moved', { count: difference.moved }),
    difference.machines > 0 && t('diff.machines', { count: difference.machines }),
    difference.times > 0 && t('diff.times', { count: difference.times }),
  ].filter(Boolean)
  return (
    <span>
      {parts.join(' · ')}
      <span className="ml-1 text-muted tabular-nums">
        ({difference.minutes > 0 ? '+' : ''}
        {t('minutesShort', { minutes: formatNumber(difference.minutes) })})
      </span>
    </span>
  )
}
