/** A chart; the drawing library loads when the first one is shown. A table of the same figures can stand beside it. */
import type { EChartsCoreOption } from 'echarts/core'
import { useEffect, useRef, useState } from 'react'
import { loadCharts } from './loadCharts'
import { Loading } from './PanelState'
import { ScriptFailed } from './ScriptFailed'

interface ChartProps {
  option: EChartsCoreOption
  label: string
  height?: number
  onClick?: (params: { dataIndex: number; value: unknown }) => void
}

type Engine = typeof import('./chartEngine')
type Instance = ReturnType<Engine['init']>

export function Chart({ option, label, height = 240, onClick }: ChartProps) {
  const element = useRef<HTMLDivElement>(null)
  const instance = useRef<Instance | null>(null)
  const [engine, setEngine] = useState<Engine | null>(null)
  const [missing, setMissing] = useState(false)
  const click = useRef(onClick)

  useEffect(() => {
    click.current = onClick
  }, [onClick])
  useEffect(() => {
    let alive = true
    loadCharts()
      .then((module) => alive && setEngine(module))
      .catch(() => alive && setMissing(true))
    return () => {
      alive = false
    }
  }, [])
  useEffect(() => {
    if (!engine || !element.current) return undefined
    const chart = engine.init(element.current, null, { renderer: 'canvas' })
    instance.current = chart
    chart.on('click', (params) => click.current?.({ dataIndex: params.dataIndex, value: params.value }))
    const observer = new ResizeObserver(() => chart.resize())
    observer.observe(element.current)
    return () => {
      observer.disconnect()
      chart.dispose()
      instance.current = null
    }
  }, [engine])
  useEffect(() => {
    instance.current?.setOption(option, { notMerge: true })
  }, [option, engine])

  if (missing) return <ScriptFailed />
  return (
    <div role="img" aria-label={label} style={{ height }} className="relative">
      {!engine && <Loading rows={4} />}
      {/* Narrower at once, the drawing's canvas too, which is drawn anew a moment later. */}
      <div ref={element} className="absolute inset-0 *:max-w-full [&_canvas]:max-w-full" />
    </div>
  )
}
