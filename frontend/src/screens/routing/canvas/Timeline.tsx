/** The left-to-right timeline of operation cards. Cards are reordered by dragging; candidates fall between them. */
import { useDroppable } from '@dnd-kit/core'
import { horizontalListSortingStrategy, SortableContext } from '@dnd-kit/sortable'
import clsx from 'clsx'
import { ChevronRight } from 'lucide-react'
import { Fragment, useContext, useEffect, useRef } from 'react'
import { useRouting } from '../store/routingStore'
import type { RoutingDocument } from '../store/routingDocument'
import { useRoutingText } from '../texts'
import { DropPosition } from './dropPosition'
import { Minimap } from './Minimap'
import { OperationCard } from './OperationCard'
import { useChanges } from './useChanges'
import { useCanvasKeys } from './useCanvasKeys'

export const TIMELINE = 'timeline'

export function Timeline({ document }: { document: RoutingDocument }) {
  const t = useRoutingText()
  const dropPosition = useContext(DropPosition)
  const operations = document.operations.present
  const selectedId = useRouting((state) => state.selectedId)
  const changes = useChanges(document)
  const scroller = useRef<HTMLDivElement>(null)
  const { setNodeRef, isOver } = useDroppable({ id: TIMELINE })
  const onKey = useCanvasKeys(scroller)

  useEffect(() => {
    if (!selectedId) return
    const card = scroller.current?.querySelector(`[data-operation="${CSS.escape(selectedId)}"]`)
    card?.scrollIntoView?.({ block: 'nearest', inline: 'nearest' })
  }, [selectedId, operations])

  return (
    <div>
      <div
        ref={(node) => {
          scroller.current = node
          setNodeRef(node)
        }}
        className={clsx(
          'relative min-h-40 overflow-x-auto rounded-2xl border px-3 py-4',
          isOver || dropPosition !== null
            ? 'border-accent-strong bg-accent-soft/60'
            : 'border-line bg-[oklch(0.96_0.02_228/0.6)]',
        )}
      >
        <SortableContext
          items={operations.map((operation) => operation.id)}
          strategy={horizontalListSortingStrategy}
        >
          <ol aria-label={t('timeline')} className="flex w-max min-w-full items-center gap-1">
            {operations.map((operation, position) => (
              <Fragment key={operation.id}>
                {dropPosition === position && <DropMark />}
                <OperationCard
                  operation={operation}
                  position={position}
                  selected={operation.id === selectedId}
                  onKey={onKey}
                  change={changes?.get(operation.id)}
                />
                {position < operations.length - 1 && (
                  <li aria-hidden role="presentation" className="shrink-0">
                    <ChevronRight className="-mx-1 size-4 text-accent-strong" />
                  </li>
                )}
              </Fragment>
            ))}
            {dropPosition === operations.length && <DropMark />}
            {operations.length === 0 && dropPosition === null && (
              <li className="w-full py-8 text-center text-muted">{t('timelineEmpty')}</li>
            )}
          </ol>
        </SortableContext>
      </div>
      <Minimap operations={operations} selectedId={selectedId} scroller={scroller} />
    </div>
  )
}

function DropMark() {
  return (
    <li aria-hidden role="presentation" data-drop-mark className="h-28 w-1.5 shrink-0 rounded-full bg-fill" />
  )
}
