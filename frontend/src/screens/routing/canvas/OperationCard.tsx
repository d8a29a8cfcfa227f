/** One operation of the timeline: dragged to reorder, its times edited in place. */
import { useSortable } from '@dnd-kit/sortable'
import clsx from 'clsx'
import { Trash2 } from 'lucide-react'
import { memo, useState, type KeyboardEvent } from 'react'
import { IconButton } from '@/ui/Button'
import { formatNumber } from '@/i18n/format'
import type { Operation } from '../store/operation'
import { useRouting } from '../store/routingStore'
import { useRoutingText } from '../texts'
import { TimeEditor } from './TimeEditor'

interface OperationCardProps {
  operation: Operation
  position: number
  selected: boolean
  onKey: (event: KeyboardEvent, operation: Operation, position: number) => void
}

export const OperationCard = memo(function OperationCard({
  operation,
  position,
  selected,
  onKey,
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
          'tile w-44 touch-manipulation p-3 select-none',
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
}: {
  operation: Operation
  position: number
  name: string
  editing: boolean
  onEditing: (open: boolean) => void
}) {
  const t = useRoutingText()
  return (
    <>
      <div className="flex items-start justify-between gap-1">
        <div className="min-w-0">
          <div className="truncate font-bold text-heading" title={operation.code} data-code={operation.code}>
            <span className="mr-1 text-muted">#{position + 1}</span>
            {operation.code || '–'}
          </div>
          <div className="truncate text-[0.86rem]" title={operation.name}>
            {operation.name || '–'}
          </div>
        </div>
        <IconButton
          icon={Trash2}
          label={t('removeOperation', { name })}
          className="-mt-1 -mr-1"
          tabIndex={-1}
          onPointerDown={(event) => event.stopPropagation()}
          onClick={() => useRouting.getState().remove(operation.id)}
        />
      </div>
      <TimeEditor operation={operation} name={name} open={editing} onOpenChange={onEditing} />
    </>
  )
})

/** What hangs on the pointer while something is dragged. */
export function DragPreview({ operation }: { operation: Operation }) {
  return (
    <div className="tile w-44 rotate-1 cursor-grabbing border-accent-strong p-3 shadow-card">
      <div className="truncate font-bold text-heading">{operation.code || '–'}</div>
      <div className="truncate text-[0.86rem]">{operation.name || '–'}</div>
      <div className="mt-1 text-[0.82rem] tabular-nums">
        {formatNumber(operation.setup)} · {formatNumber(operation.run)} · {formatNumber(operation.wait)}
      </div>
    </div>
  )
}
