/** What is dragged, and where it would fall; only what shows it is rendered while the pointer moves. */
import { DndContext, DragOverlay } from '@dnd-kit/core'
import type { ReactNode } from 'react'
import { DropPosition } from './canvas/dropPosition'
import { DragPreview } from './canvas/OperationCard'
import { useTimelineDrag } from './useTimelineDrag'

/** The canvas tells what happened itself, in the chosen language. */
const silent = () => undefined
const QUIET = {
  screenReaderInstructions: { draggable: '' },
  announcements: {
    onDragStart: silent,
    onDragMove: silent,
    onDragOver: silent,
    onDragEnd: silent,
    onDragCancel: silent,
  },
}

export function TimelineDrag({ children }: { children: ReactNode }) {
  const { context, dragged, dropPosition } = useTimelineDrag()
  return (
    <DndContext {...context} accessibility={QUIET}>
      <DropPosition value={dropPosition}>{children}</DropPosition>
      <DragOverlay dropAnimation={null}>
        {dragged && <DragPreview operation={dragged.operation} />}
      </DragOverlay>
    </DndContext>
  )
}
