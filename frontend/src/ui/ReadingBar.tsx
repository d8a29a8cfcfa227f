/** How far the source has been read; nothing while it is not read. */
import { screenTexts } from '@/i18n'
import { formatPercent } from '@/i18n/format'

const [useText] = screenTexts('reading-bar', {
  ko: { reading: '원본을 읽는 중' },
  en: { reading: 'Reading the source' },
})

interface ReadingBarProps {
  /** What is being read now, as the server names it. */
  reading?: string | null
  /** How much of all, 0 to 1. */
  share?: number | null
}

export function ReadingBar({ reading, share }: ReadingBarProps) {
  const t = useText()
  if (!reading) return null
  return (
    <div role="status" className="mt-2 text-[0.86rem]">
      <div className="flex justify-between gap-3 text-muted">
        <span className="min-w-0 [overflow-wrap:anywhere]">
          {t('reading')}: {reading}
        </span>
        <span>{formatPercent(share, 0)}</span>
      </div>
      <progress
        className="h-2.5 w-full accent-fill"
        max={1}
        value={share ?? undefined}
        aria-label={t('reading')}
      />
    </div>
  )
}
