/** Recall and search time of the versions, oldest first. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { request } from '@/api/client'
import { useVersions, type VersionDetail } from '@/api/training'
import { factsOf } from '@/api/versionFacts'
import { Card } from '@/ui/Card'
import { Chart } from '@/ui/Chart'
import { amountAxis, lineLook, percentTip, qualityAxis, tip } from '@/ui/chartFigures'
import { AXIS, GRID, SERIES, TEXT } from '@/ui/chartStyle'
import { Empty, QueryPanel } from '@/ui/PanelState'
import { useTrainingText } from './texts'

const MOST = 12

interface Point {
  name: string
  recall: number | null
  latency: number | null
}

function useTrend() {
  const versions = useVersions()
  const names = (versions.data ?? []).slice(0, MOST).map((version) => version.version_name)
  const trend = useQuery({
    queryKey: ['quality-trend', names],
    enabled: versions.isSuccess,
    staleTime: 5 * 60_000,
    queryFn: async ({ signal }): Promise<Point[]> => {
      const details = await Promise.allSettled(
        names.map((name) =>
          request<VersionDetail>('get', `/api/trainer/versions/${encodeURIComponent(name)}`, { signal }),
        ),
      )
      return details
        .flatMap((detail) => (detail.status === 'fulfilled' ? [detail.value] : []))
        .map((detail) => ({
          name: detail.version_name,
          recall: factsOf(detail.manifest).recall,
          latency: factsOf(detail.manifest).latency,
        }))
        .filter((point) => point.recall !== null)
        .reverse()
    },
  })
  return { versions, trend }
}

export function TrendPanel() {
  const t = useTrainingText()
  const { versions, trend } = useTrend()
  return (
    <Card title={t('trend')} description={t('trendAbout')}>
      <QueryPanel
        query={trend}
        after={versions}
        rows={5}
        isEmpty={(data) => data.length === 0}
        empty={<Empty title={t('trendEmpty')} />}
      >
        {(data) => <TrendChart points={data} />}
      </QueryPanel>
    </Card>
  )
}

function TrendChart({ points }: { points: Point[] }) {
  const t = useTrainingText()
  const option = useMemo(
    () => ({
      textStyle: TEXT,
      grid: GRID,
      legend: { top: 0, textStyle: TEXT },
      tooltip: { trigger: 'axis' },
      xAxis: { type: 'category', data: points.map((point) => point.name), ...AXIS },
      yAxis: [
        {
          ...qualityAxis(points.flatMap((point) => (point.recall === null ? [] : [point.recall]))),
          name: t('recall'),
        },
        { ...amountAxis('ms'), splitLine: { show: false } },
      ],
      series: [
        {
          name: t('recall'),
          type: 'line',
          ...lineLook(1),
          color: SERIES[0],
          tooltip: percentTip,
          data: points.map((point) => point.recall),
        },
        {
          name: t('latency'),
          type: 'bar',
          yAxisIndex: 1,
          color: SERIES[1],
          barMaxWidth: 26,
          tooltip: tip('ms', 3),
          data: points.map((point) => point.latency),
        },
      ],
    }),
    [points, t],
  )
  return <Chart option={option} label={t('trend')} height={260} />
}
