/** The points on a dark ground: drag, zoom, choose. */
import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react'
import { Scatter, type View } from './scatter'
import { useProjectorText } from './texts'

const START: View = { x: 0, y: 0, zoom: 1 }
const REACH = 12

interface ScatterViewProps {
  positions: Float32Array<ArrayBuffer>
  colours: Float32Array<ArrayBuffer>
  label: string
  resets: number
  onChoose: (index: number | null) => void
}

export function ScatterView({ positions, colours, label, resets, onChoose }: ScatterViewProps) {
  const t = useProjectorText()
  const canvas = useRef<HTMLCanvasElement>(null)
  const scatter = useRef<Scatter | null>(null)
  const view = useRef<View>(START)
  const drag = useRef<{ x: number; y: number; moved: boolean } | null>(null)
  const [unsupported, setUnsupported] = useState(false)

  const draw = () => requestAnimationFrame(() => scatter.current?.draw(view.current))

  useEffect(() => {
    const element = canvas.current
    if (!element) return undefined
    try {
      scatter.current = new Scatter(element, positions)
    } catch {
      setUnsupported(true)
      return undefined
    }
    const onWheel = (event: WheelEvent) => {
      event.preventDefault()
      const { zoom } = view.current
      view.current = {
        ...view.current,
        zoom: Math.max(0.5, Math.min(400, zoom * Math.exp(-event.deltaY * 0.0015))),
      }
      draw()
    }
    element.addEventListener('wheel', onWheel, { passive: false })
    const observer = new ResizeObserver(draw)
    observer.observe(element)
    return () => {
      element.removeEventListener('wheel', onWheel)
      observer.disconnect()
      scatter.current = null
    }
  }, [positions])
  useEffect(() => {
    scatter.current?.colour(colours)
    draw()
  }, [colours, positions])
  useEffect(() => {
    view.current = START
    draw()
  }, [resets])

  const unit = () =>
    Scatter.unit(canvas.current?.clientWidth ?? 1, canvas.current?.clientHeight ?? 1, view.current.zoom)
  const nearest = (event: PointerEvent): number | null => {
    const box = canvas.current?.getBoundingClientRect()
    if (!box) return null
    const x = view.current.x + (event.clientX - box.left - box.width / 2) / unit()
    const y = view.current.y - (event.clientY - box.top - box.height / 2) / unit()
    let [best, distance] = [-1, (REACH / unit()) ** 2]
    for (let index = 0; index < positions.length / 2; index++) {
      const away = ((positions[index * 2] ?? 0) - x) ** 2 + ((positions[index * 2 + 1] ?? 0) - y) ** 2
      if (away < distance) [best, distance] = [index, away]
    }
    return best === -1 ? null : best
  }
  const onPointerMove = (event: PointerEvent) => {
    if (!drag.current) return
    const [dx, dy] = [event.clientX - drag.current.x, event.clientY - drag.current.y]
    if (Math.abs(dx) + Math.abs(dy) > 2) drag.current.moved = true
    view.current = { ...view.current, x: view.current.x - dx / unit(), y: view.current.y + dy / unit() }
    drag.current = { ...drag.current, x: event.clientX, y: event.clientY }
    draw()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = 60 / unit()
    const { x, y, zoom } = view.current
    const next: Record<string, Partial<View>> = {
      ArrowLeft: { x: x - step },
      ArrowRight: { x: x + step },
      ArrowUp: { y: y + step },
      ArrowDown: { y: y - step },
      '+': { zoom: Math.min(400, zoom * 1.3) },
      '=': { zoom: Math.min(400, zoom * 1.3) },
      '-': { zoom: Math.max(0.5, zoom / 1.3) },
    }
    if (!next[event.key]) return
    event.preventDefault()
    view.current = { ...view.current, ...next[event.key] }
    draw()
  }

  if (unsupported) return <p role="alert">{t('noWebgl')}</p>
  return (
    <canvas
      ref={canvas}
      tabIndex={0}
      role="img"
      aria-label={label}
      className="h-[36rem] w-full cursor-grab touch-none rounded-2xl bg-blueprint active:cursor-grabbing"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        drag.current = { x: event.clientX, y: event.clientY, moved: false }
      }}
      onPointerMove={onPointerMove}
      onPointerUp={(event) => {
        if (drag.current && !drag.current.moved) onChoose(nearest(event))
        drag.current = null
      }}
      onKeyDown={onKeyDown}
    />
  )
}
