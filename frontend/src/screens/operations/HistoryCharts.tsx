/** Latency, requests and errors of the last hour. */
import { useMemo } from 'react'
import type { HistoryPoint } from '@/api/operations'
import { Card } from '@/ui/Card'
import { Chart } from '@/ui/Chart'
import { AXIS, GRID, SERIES, TEXT } from '@/ui/chartStyle'
import { Empty } from '@/ui/PanelState'
import { formatClock, formatNumber, formatPercent } from '@/i18n/format'
import { useOperationsText } from './texts'

const TIME_AXIS = {
  type: 'time',
  minInterval: 60_000,
  ...AXIS,
  splitLine: { show: false },
  axisLabel: { ...AXIS.axisLabel, formatter: (value: number) => formatClock(value) },
}

export function HistoryCharts({ history }: { history: readonly HistoryPoint[] }) {
  const t = useOperationsText()
  const latency = useMemo(
    () => ({
      textStyle: TEXT,
      grid: GRID,
      legend: { top: 0, textStyle: TEXT },
      tooltip: {
        trigger: 'axis',
        valueFormatter: (value: unknown) => `${formatNumber(Number(value), 2)} ms`,
      },
      xAxis: TIME_AXIS,
      yAxis: { type: 'value', ...AXIS },
      series: (['p50_ms', 'p95_ms', 'p99_ms'] as const).map((name, index) => ({
        name: name.replace('_ms', ''),
        type: 'line',
        showSymbol: history.length < 40,
        color: SERIES[index],
        data: history.map((point) => [point.at * 1000, point[name]]),
      })),
    }),
    [history],
  )
  const traffic = useMemo(
    () => ({
      textStyle: TEXT,
      grid: GRID,
      legend: { top: 0, textStyle: TEXT },
      tooltip: { trigger: 'axis' },
      xAxis: TIME_AXIS,
      yAxis: [
        { type: 'value', ...AXIS },
        {
          type: 'value',
          min: 0,
          max: 1,
          ...AXIS,
          splitLine: { show: false },
          axisLabel: { ...AXIS.axisLabel, formatter: (value: number) => formatPercent(value) },
        },
      ],
      series: [
        {
          name: t('requests'),
          type: 'bar',
          color: SERIES[0],
          data: history.map((point) => [point.at * 1000, point.requests]),
        },
        {
          name: t('errorRate'),
          type: 'line',
          yAxisIndex: 1,
          showSymbol: false,
          color: SERIES[1],
          tooltip: { valueFormatter: (value: unknown) => formatPercent(Number(value), 2) },
          data: history.map((point) => [point.at * 1000, point.error_rate]),
        },
      ],
    }),
    [history, t],
  )
  return (
    <div className="grid gap-5 xl:grid-cols-2">
      <Card title={t('latencyHistory')}>
        {history.length === 0 ? (
          <Empty title={t('historyEmpty')} />
        ) : (
          <Chart option={latency} label={t('latencyHistory')} />
        )}
      </Card>
      <Card title={t('trafficHistory')}>
        {history.length === 0 ? (
          <Empty title={t('historyEmpty')} />
        ) : (
          <Chart option={traffic} label={t('trafficHistory')} />
        )}
      </Card>
    </div>
  )
}
