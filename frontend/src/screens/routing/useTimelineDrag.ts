/** Dragging: cards to another place, candidates to the place where they fall. */
import {
  closestCenter,
  MouseSensor,
  pointerWithin,
  TouchSensor,
  useSensor,
  useSensors,
  type CollisionDetection,
  type DragEndEvent,
  type DragMoveEvent,
  type DragStartEvent,
} from '@dnd-kit/core'
import { useState } from 'react'
import { announce } from './canvas/announce'
import { TIMELINE } from './canvas/Timeline'
import type { Operation } from './store/operation'
import { activeDocument, useRouting } from './store/routingStore'
import { routingText } from './texts'

interface Dragged {
  kind: 'operation' | 'candidate'
  operation: Operation
}

function draggedOf(event: DragStartEvent | DragMoveEvent | DragEndEvent): Dragged | undefined {
  return event.active.data.current as Dragged | undefined
}

/** Cards keep to the timeline; candidates count only while the pointer is over it. */
const detect: CollisionDetection = (args) => {
  const kind = (args.active.data.current as Dragged | undefined)?.kind
  if (kind === 'candidate') return pointerWithin(args).filter(({ id }) => id === TIMELINE)
  return closestCenter({
    ...args,
    droppableContainers: args.droppableContainers.filter(({ id }) => id !== TIMELINE),
  })
}

/** Where something with its middle at `x` (pixels of the window) would fall. */
function positionAt(x: number): number {
  const cards = [...document.querySelectorAll<HTMLElement>('[data-operation]')]
  const before = cards.filter((card) => {
    const box = card.getBoundingClientRect()
    return box.left + box.width / 2 < x
  })
  return before.length
}

function pointerX(event: DragMoveEvent | DragEndEvent): number | null {
  const start = event.activatorEvent
  const at = 'touches' in start ? (start as TouchEvent).touches[0] : (start as MouseEvent)
  return at && typeof at.clientX === 'number' ? at.clientX + event.delta.x : null
}

export function useTimelineDrag() {
  // A finger that rests on a card takes it; one that moves at once scrolls, as everywhere.
  const sensors = useSensors(
    useSensor(MouseSensor, { activationConstraint: { distance: 6 } }),
    useSensor(TouchSensor, { activationConstraint: { delay: 180, tolerance: 8 } }),
  )
  const [dragged, setDragged] = useState<Dragged | null>(null)
  const [dropPosition, setDropPosition] = useState<number | null>(null)

  const fallAt = (event: DragMoveEvent | DragEndEvent): number | null => {
    const x = pointerX(event)
    return event.over?.id === TIMELINE && x !== null ? positionAt(x) : null
  }
  const stop = () => {
    setDragged(null)
    setDropPosition(null)
  }

  return {
    dragged,
    dropPosition,
    context: {
      sensors,
      collisionDetection: detect,
      onDragStart: (event: DragStartEvent) => {
        setDragged(draggedOf(event) ?? null)
        const active = draggedOf(event)
        if (active?.kind === 'operation') useRouting.getState().select(active.operation.id)
      },
      onDragMove: (event: DragMoveEvent) => {
        if (draggedOf(event)?.kind === 'candidate') setDropPosition(fallAt(event))
      },
      onDragCancel: stop,
      onDragEnd: (event: DragEndEvent) => {
        const active = draggedOf(event)
        const state = useRouting.getState()
        if (active?.kind === 'candidate') {
          const position = fallAt(event)
          if (position !== null) {
            state.insert(active.operation, position)
            announce(routingText('inserted', { name: active.operation.code, position: position + 1 }))
          }
        } else if (active && event.over) {
          const operations = activeDocument(state)?.operations.present ?? []
          const position = operations.findIndex((operation) => operation.id === event.over?.id)
          if (position >= 0) {
            state.move(active.operation.id, position)
            announce(routingText('moved', { name: active.operation.code, position: position + 1 }))
          }
        }
        stop()
      },
    },
  }
}
