/** Latency, requests and errors of the last hour. */
import { useMemo } from 'react'
import type { HistoryPoint } from '@/api/operations'
import { Card } from '@/ui/Card'
import { Chart } from '@/ui/Chart'
import { amountAxis, lineLook, lineWithGaps, percentTip, shareAxis, tip } from '@/ui/chartFigures'
import { AXIS, GRID, SERIES, TEXT } from '@/ui/chartStyle'
import { Empty } from '@/ui/PanelState'
import { formatClock } from '@/i18n/format'
import { useOperationsText } from './texts'

/** Requests are counted by ten seconds; those without any are no point. */
const STEP_MS = 10_000

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
        ...tip('ms', 1),
      },
      xAxis: TIME_AXIS,
      yAxis: amountAxis('ms'),
      series: (['p50_ms', 'p95_ms', 'p99_ms'] as const).map((name, index) => ({
        name: name.replace('_ms', ''),
        type: 'line',
        ...lineLook(index),
        data: lineWithGaps(
          history.map((point) => [point.at * 1000, point[name]]),
          STEP_MS,
        ),
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
        amountAxis(t('requestsUnit'), 1),
        {
          ...shareAxis(history.map((point) => point.error_rate)),
          name: t('errorRate'),
          splitLine: { show: false },
        },
      ],
      series: [
        {
          name: t('requests'),
          type: 'bar',
          color: SERIES[0],
          tooltip: tip('', 0),
          data: history.map((point) => [point.at * 1000, point.requests]),
        },
        {
          name: t('errorRate'),
          type: 'line',
          yAxisIndex: 1,
          ...lineLook(1),
          tooltip: percentTip,
          data: lineWithGaps(
            history.map((point) => [point.at * 1000, point.error_rate]),
            STEP_MS,
          ),
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
