/** One operation of the timeline: dragged to reorder, its times edited in place. */
import { useSortable } from '@dnd-kit/sortable'
import clsx from 'clsx'
import { Trash2 } from 'lucide-react'
import { memo, useState, type KeyboardEvent } from 'react'
import { IconButton } from '@/ui/Button'
import { formatNumber } from '@/i18n/format'
import { machineOf, type Operation } from '../store/operation'
import { useRouting } from '../store/routingStore'
import { useRoutingText } from '../texts'
import { Confidence } from '../worklist/cells'
import type { Change } from '../worklist/difference'
import { KEPT_FROM_DRAGGING } from './keptFromDragging'
import { TimeEditor } from './TimeEditor'

interface OperationCardProps {
  operation: Operation
  position: number
  selected: boolean
  onKey: (event: KeyboardEvent, operation: Operation, position: number) => void
  /** Against the routing that the item has now. */
  change?: Change
}

export const OperationCard = memo(function OperationCard({
  operation,
  position,
  selected,
  onKey,
  change,
}: OperationCardProps) {
  const t = useRoutingText()
  const [editing, setEditing] = useState(false)
  const { setNodeRef, listeners, transform, transition, isDragging } = useSortable({
    id: operation.id,
    data: { kind: 'operation', operation },
    transition: { duration: 160, easing: 'ease' },
  })
  const { select } = useRouting.getState()
  const name = `${operation.code} ${operation.name}`.trim()

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault()
      setEditing(true)
    } else {
      onKey(event, operation, position)
    }
  }

  return (
    <li
      ref={setNodeRef}
      style={{ transform: transform ? `translate3d(${transform.x}px, 0, 0)` : undefined, transition }}
      className={clsx('relative shrink-0', isDragging && 'opacity-35')}
      data-operation={operation.id}
    >
      <div
        {...listeners}
        role="group"
        aria-label={t('cardName', {
          position: position + 1,
          code: operation.code,
          name: operation.name,
          setup: formatNumber(operation.setup),
          run: formatNumber(operation.run),
          wait: formatNumber(operation.wait),
        })}
        aria-current={selected || undefined}
        tabIndex={selected || (position === 0 && useRouting.getState().selectedId === null) ? 0 : -1}
        onFocus={() => select(operation.id)}
        onClick={() => select(operation.id)}
        onKeyDown={onKeyDown}
        className={clsx(
          'tile w-[10.6rem] touch-manipulation p-2.5 select-none',
          isDragging ? 'cursor-grabbing' : 'cursor-grab',
          selected && 'border-accent-strong ring-1 ring-accent-strong',
        )}
      >
        <CardContent
          operation={operation}
          position={position}
          name={name}
          editing={editing}
          onEditing={setEditing}
          change={change}
        />
      </div>
    </li>
  )
})

/** What stands on a card; it stays as it is while cards move. */
const CardContent = memo(function CardContent({
  operation,
  position,
  name,
  editing,
  onEditing,
  change,
}: {
  operation: Operation
  position: number
  name: string
  editing: boolean
  onEditing: (open: boolean) => void
  change: Change | undefined
}) {
  const t = useRoutingText()
  const machine = machineOf(operation)
  return (
    <>
      <div className="flex items-start justify-between gap-1">
        <div className="min-w-0">
          <div className="truncate font-bold text-heading" title={operation.code} data-code={operation.code}>
            <span className="mr-1 text-muted">#{position + 1}</span>
            {operation.code || '–'}
          </div>
          <div className="truncate text-[0.86rem]" title={operation.name}>
            <bdi>{operation.name || '–'}</bdi>
          </div>
        </div>
        <IconButton
          icon={Trash2}
          label={t('removeOperation', { name })}
          className="-mt-1 -mr-1"
          tabIndex={-1}
          {...KEPT_FROM_DRAGGING}
          onClick={() => useRouting.getState().remove(operation.id)}
        />
      </div>
      <div className="mt-0.5 flex items-center justify-between gap-1 text-[0.8rem]">
        <button
          type="button"
          tabIndex={-1}
          className="min-w-0 truncate rounded px-0.5 text-left text-body hover:bg-accent-soft"
          title={[t('machine'), machine.code, machine.name].filter(Boolean).join(' ')}
          aria-label={t('editMachine', { name, machine: machine.code || '–' })}
          {...KEPT_FROM_DRAGGING}
          onClick={() => onEditing(true)}
        >
          {machine.code || '–'}
        </button>
        <Confidence value={operation.statistics?.belief ?? null} />
      </div>
      <TimeEditor operation={operation} name={name} open={editing} onOpenChange={onEditing} />
      {change && change !== 'same' && (
        <span
          className={clsx(
            'absolute -top-2 left-2 rounded-full border px-1.5 text-[0.72rem] font-semibold',
            change === 'added'
              ? 'border-good/50 bg-good-soft text-good'
              : 'border-warn/50 bg-warn-soft text-warn',
          )}
        >
          {t(`change.${change}`)}
        </span>
      )}
    </>
  )
})

/** What hangs on the pointer while something is dragged. */
export function DragPreview({ operation }: { operation: Operation }) {
  return (
    <div className="tile w-[10.6rem] rotate-1 cursor-grabbing border-accent-strong p-3 shadow-card">
      <div className="truncate font-bold text-heading">{operation.code || '–'}</div>
      <div className="truncate text-[0.86rem]">{operation.name || '–'}</div>
      <div className="mt-1 text-[0.82rem] tabular-nums">
        {formatNumber(operation.setup)} · {formatNumber(operation.run)} · {formatNumber(operation.wait)}
      </div>
    </div>
  )
}
