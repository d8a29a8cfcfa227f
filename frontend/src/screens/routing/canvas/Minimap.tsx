/** The whole routing in small, with the part that is in view; a click scrolls there. */
import { useEffect, useState, type RefObject } from 'react'
import type { Operation } from '../store/operation'
import { useRouting } from '../store/routingStore'
import { useRoutingText } from '../texts'

interface MinimapProps {
  operations: readonly Operation[]
  selectedId: string | null
  scroller: RefObject<HTMLDivElement | null>
}

export function Minimap({ operations, selectedId, scroller }: MinimapProps) {
  const t = useRoutingText()
  const [view, setView] = useState({ start: 0, width: 1 })

  useEffect(() => {
    const element = scroller.current
    if (!element) return undefined
    const update = () => {
      const whole = element.scrollWidth || 1
      setView({ start: element.scrollLeft / whole, width: Math.min(1, element.clientWidth / whole) })
    }
    update()
    element.addEventListener('scroll', update, { passive: true })
    const observer = new ResizeObserver(update)
    observer.observe(element)
    return () => {
      element.removeEventListener('scroll', update)
      observer.disconnect()
    }
  }, [scroller, operations])

  if (operations.length === 0) return null
  const longest = Math.max(...operations.map((operation) => (operation.run ?? 0) + (operation.setup ?? 0)), 1)
  return (
    <div
      role="group"
      aria-label={t('minimap')}
      className="relative mt-2 ml-auto flex h-9 w-full max-w-sm items-end gap-px overflow-hidden rounded-lg border border-line bg-field px-1 py-1"
    >
      {operations.map((operation, position) => (
        <button
          key={operation.id}
          type="button"
          tabIndex={-1}
          aria-label={`${t('position', { position: position + 1 })} ${operation.code}`}
          onClick={() => useRouting.getState().select(operation.id)}
          className={
            operation.id === selectedId
              ? 'min-w-0 flex-1 rounded-sm bg-fill'
              : 'min-w-0 flex-1 rounded-sm bg-accent hover:bg-accent-strong'
          }
          style={{ height: `${30 + 70 * (((operation.run ?? 0) + (operation.setup ?? 0)) / longest)}%` }}
        />
      ))}
      <span
        aria-hidden
        className="pointer-events-none absolute inset-y-0 rounded-md border-2 border-fill/70 bg-fill/5"
        style={{ left: `${view.start * 100}%`, width: `${view.width * 100}%` }}
      />
    </div>
  )
}
