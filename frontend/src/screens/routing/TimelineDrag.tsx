/** What is dragged, and where it would fall; only what shows it is rendered while the pointer moves. */
import { DndContext, DragOverlay } from '@dnd-kit/core'
import type { ReactNode } from 'react'
import { QUIET_DRAG } from '@/ui/quietDrag'
import { DropPosition } from './canvas/dropPosition'
import { DragPreview } from './canvas/OperationCard'
import { useTimelineDrag } from './useTimelineDrag'

export function TimelineDrag({ children }: { children: ReactNode }) {
  const { context, dragged, dropPosition } = useTimelineDrag()
  return (
    <DndContext {...context} accessibility={QUIET_DRAG}>
      <DropPosition value={dropPosition}>{children}</DropPosition>
      <DragOverlay dropAnimation={null}>
        {dragged && <DragPreview operation={dragged.operation} />}
      </DragOverlay>
    </DndContext>
  )
}
