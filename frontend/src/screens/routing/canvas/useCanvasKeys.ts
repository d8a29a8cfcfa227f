/** Keys of the timeline: every gesture of the mouse has one. */
import { useCallback, type KeyboardEvent, type RefObject } from 'react'
import { flushSync } from 'react-dom'
import type { Operation } from '../store/operation'
import { activeDocument, useRouting } from '../store/routingStore'
import { routingText } from '../texts'
import { announce } from './announce'

/** At once, so that the next key meets the card however fast it comes. */
function focusCard(scroller: RefObject<HTMLElement | null>, operationId: string | null) {
  if (!operationId) return
  scroller.current
    ?.querySelector<HTMLElement>(`[data-operation="${CSS.escape(operationId)}"] > [role="group"]`)
    ?.focus()
}

export function useCanvasKeys(scroller: RefObject<HTMLElement | null>) {
  return useCallback(
    (event: KeyboardEvent, operation: Operation, position: number) => {
      const state = useRouting.getState()
      const operations = activeDocument(state)?.operations.present ?? []
      const targets: Record<string, number> = {
        ArrowLeft: position - 1,
        ArrowRight: position + 1,
        Home: 0,
        End: operations.length - 1,
      }
      const target = targets[event.key]
      const name = `${operation.code} ${operation.name}`.trim()

      if (target !== undefined && operations[target]) {
        event.preventDefault()
        if (event.altKey) {
          flushSync(() => state.move(operation.id, target))
          announce(routingText('moved', { name, position: target + 1 }))
          focusCard(scroller, operation.id)
        } else {
          const next = operations[target]
          state.select(next.id)
          focusCard(scroller, next.id)
        }
      } else if (event.key === 'Delete' || event.key === 'Backspace') {
        event.preventDefault()
        flushSync(() => state.remove(operation.id))
        announce(routingText('removed', { name }))
        focusCard(scroller, useRouting.getState().selectedId)
      } else if (event.key === 'Escape') {
        state.select(null)
      }
    },
    [scroller],
  )
}
