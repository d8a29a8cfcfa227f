/** Previous and next page of a long list. */
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { useCommonText } from '@/i18n/common'
import { formatNumber } from '@/i18n/format'
import { IconButton } from './Button'

interface PagerProps {
  offset: number
  limit: number
  total: number
  onChange: (offset: number) => void
}

export function Pager({ offset, limit, total, onChange }: PagerProps) {
  const t = useCommonText()
  if (total <= limit) return null
  return (
    <div className="mt-3 flex items-center justify-end gap-2 text-[0.88rem]">
      <span className="tabular-nums">
        {formatNumber(offset + 1, 0)}–{formatNumber(Math.min(total, offset + limit), 0)} /{' '}
        {formatNumber(total, 0)}
      </span>
      <IconButton
        icon={ChevronLeft}
        label={t('previous')}
        disabled={offset === 0}
        onClick={() => onChange(Math.max(0, offset - limit))}
      />
      <IconButton
        icon={ChevronRight}
        label={t('next')}
        disabled={offset + limit >= total}
        onClick={() => onChange(offset + limit)}
      />
    </div>
  )
}
