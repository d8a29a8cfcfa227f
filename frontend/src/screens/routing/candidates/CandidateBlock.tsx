/** One candidate operation. */
import { useDraggable } from '@dnd-kit/core'
import clsx from 'clsx'
import { memo } from 'react'
import { formatNumber } from '@/i18n/format'
import type { Operation } from '../store/operation'
import { useRoutingText } from '../texts'
import { addCandidate } from './CandidatePanel'

interface CandidateBlockProps {
  operation: Operation
  routings: number
  /** Whether it is one of the whole plant. */
  whole: boolean
}

export const CandidateBlock = memo(function CandidateBlock({
  operation,
  routings,
  whole,
}: CandidateBlockProps) {
  const t = useRoutingText()
  const { setNodeRef, listeners, isDragging } = useDraggable({
    id: `candidate:${operation.id}`,
    data: { kind: 'candidate', operation },
  })
  return (
    <li>
      <div
        ref={setNodeRef}
        {...listeners}
        role="button"
        tabIndex={0}
        data-candidate={operation.code}
        onDoubleClick={() => addCandidate(operation)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') {
            event.preventDefault()
            addCandidate(operation)
          }
        }}
        className={clsx(
          'tile touch-manipulation cursor-grab p-3 select-none hover:border-accent-strong',
          isDragging && 'opacity-40',
        )}
      >
        <span className="sr-only">{t('candidateName')}</span>
        <div className="flex items-baseline justify-between gap-2">
          <span className="truncate font-bold text-heading">{operation.code || '–'}</span>
          {operation.step.PROC_SEQ != null && (
            <span className="text-[0.84rem] text-muted tabular-nums">#{operation.step.PROC_SEQ}</span>
          )}
        </div>
        <div className="truncate" title={operation.name}>
          <bdi>{operation.name || '–'}</bdi>
        </div>
        <div className="mt-0.5 flex flex-wrap gap-x-3 text-[0.84rem] text-muted tabular-nums">
          <span>
            {t('setup')} {formatNumber(operation.setup)}
          </span>
          <span>
            {t('runTime')} {formatNumber(operation.run)}
          </span>
          <span>
            {t('wait')} {formatNumber(operation.wait)}
          </span>
        </div>
        <div className="mt-1 flex flex-wrap justify-between gap-x-3 text-[0.78rem] text-muted">
          <span>{t('candidateHint')}</span>
          <span>{t(whole ? 'usedIn' : 'candidateRoutings', { count: formatNumber(routings, 0) })}</span>
        </div>
      </div>
    </li>
  )
})
