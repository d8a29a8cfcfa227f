/** Average durations by operation as a heat map. */
import { useMemo } from 'react'
import { useReport, type TimeProfiles } from '@/api/reports'
import { Card } from '@/ui/Card'
import { Chart } from '@/ui/Chart'
import { roundTop } from '@/ui/chartFigures'
import { AXIS, INK, TEXT } from '@/ui/chartStyle'
import { Empty, QueryPanel } from '@/ui/PanelState'
import { TextLink } from '@/ui/TextLink'
import { formatNumber } from '@/i18n/format'
import { NoActive } from './NoActive'
import { useTrainingText } from './texts'

const KINDS = ['setup', 'run', 'queue', 'wait', 'move'] as const
const MOST_OPERATIONS = 40

export function HeatPanel({ version }: { version: string | null }) {
  const t = useTrainingText()
  const profiles = useReport(version, 'time_profiles')
  return (
    <Card title={t('heat')} description={t('heatAbout')}>
      {version === null ? (
        <NoActive />
      ) : (
        <QueryPanel
          query={profiles}
          rows={6}
          isEmpty={(data) => data === null}
          empty={
            <Empty
              title={t('heatEmpty')}
              hint={t('heatEmptyHint')}
              action={<TextLink href="/options">{t('heatOptions')}</TextLink>}
            />
          }
        >
          {(data) => data && <Heat profiles={data} />}
        </QueryPanel>
      )}
    </Card>
  )
}

function Heat({ profiles }: { profiles: TimeProfiles }) {
  const t = useTrainingText()
  const { option, rows } = useMemo(() => {
    const operations = Object.entries(profiles.operations)
      .sort(([, first], [, second]) => (second.run?.samples ?? 0) - (first.run?.samples ?? 0))
      .slice(0, MOST_OPERATIONS)
      .reverse()
    const kinds = KINDS.filter((kind) => operations.some(([, times]) => times[kind]?.STANDARD != null))
    const cells = operations.flatMap(([, times], row) =>
      kinds.map((kind, column) => [column, row, times[kind]?.STANDARD ?? null, times[kind]?.samples ?? 0]),
    )
    const known = cells.map((cell) => cell[2]).filter((value): value is number => value !== null)
    return {
      rows: operations.length,
      option: {
        textStyle: TEXT,
        grid: { left: 8, right: 8, top: 4, bottom: 44, containLabel: true },
        tooltip: {
          formatter: ({ value }: { value: [number, number, number | null, number] }) =>
            `${operations[value[1]]?.[0]} · ${t(`kind.${kinds[value[0]] ?? 'run'}`)}: ${value[2] === null ? '–' : t('heatMinutes', { value: formatNumber(value[2], 2) })} (n=${formatNumber(value[3], 0)})`,
        },
        xAxis: { type: 'category', data: kinds.map((kind) => t(`kind.${kind}`)), position: 'top', ...AXIS },
        yAxis: { type: 'category', data: operations.map(([code]) => code), ...AXIS },
        visualMap: {
          dimension: 2,
          min: 0,
          max: Math.max(1, roundTop(Math.max(0, ...known))),
          formatter: (value: unknown) => t('heatMinutes', { value: formatNumber(Number(value), 2) }),
          calculable: false,
          orient: 'horizontal',
          left: 'center',
          bottom: 4,
          itemHeight: 120,
          textStyle: TEXT,
          inRange: { color: ['#e6f2fb', '#9cc9ee', '#4d96d6'] },
        },
        series: [
          {
            type: 'heatmap',
            data: cells,
            label: {
              show: true,
              color: INK,
              fontSize: 11,
              formatter: ({ value }: { value: [number, number, number | null] }) => formatNumber(value[2], 1),
            },
          },
        ],
      },
    }
  }, [profiles, t])
  return (
    <div className="max-h-[26rem] overflow-y-auto" tabIndex={0} role="group" aria-label={t('heat')}>
      <Chart option={option} label={t('heatAbout')} height={Math.max(200, rows * 24 + 80)} />
    </div>
  )
}
