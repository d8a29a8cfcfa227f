/** Similarity search: the ef_search slider over the measured curve, cache, thresholds and strategy. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { request } from '@/api/client'
import { Card } from '@/ui/Card'
import { Chart } from '@/ui/Chart'
import { amountAxis, lineLook, percentTip, qualityAxis, tip } from '@/ui/chartFigures'
import { AXIS, GRID, SERIES, TEXT } from '@/ui/chartStyle'
import { CheckField, SelectField, SliderField } from '@/ui/Field'
import { NumberField } from '@/ui/NumberField'
import { Empty, QueryPanel } from '@/ui/PanelState'
import { formatNumber } from '@/i18n/format'
import { SampleEffect } from './SampleEffect'
import { SearchInUse } from './SearchInUse'
import { useOptionsText } from './texts'
import type { SettingsDraft } from './useSettingsDraft'

interface CurvePoint {
  ef_search: number
  recall: number
  latency_ms: number
}

interface SearchSettings {
  ef_search: number | null
  default_ef_search: number | null
  current_ef_search: number | null
  cache_entries: number
  curve: CurvePoint[]
  model_version: string | null
}

const LARGEST = 4096
/** The slider is logarithmic: 0 to 100 stand for 1 to 4096. */
const toEf = (position: number) => Math.max(1, Math.round(LARGEST ** (position / 100)))
const toPosition = (ef: number) => (100 * Math.log(ef)) / Math.log(LARGEST)

export function SimilarityPanel({ draft, readOnly }: { draft: SettingsDraft; readOnly: boolean }) {
  const t = useOptionsText()
  const settings = useQuery({
    queryKey: ['search-settings'],
    queryFn: ({ signal }) => request<SearchSettings>('get', '/api/system/search', { signal }),
  })
  const chosen = draft.value<number | null>('search', 'ef_search') ?? null
  const fallback = settings.data?.default_ef_search ?? null
  /** null: neither chosen nor known. */
  const ef = chosen ?? fallback

  return (
    <Card title={t('similarity')} description={t('similarityAbout')}>
      <SearchInUse />
      <div className="grid gap-5 lg:grid-cols-2">
        <div className="flex min-w-0 flex-col gap-4">
          <div>
            <SliderField
              label={t('efSearch')}
              hint={t('efHint')}
              min={0}
              max={100}
              step={0.5}
              value={ef === null ? 0 : toPosition(ef)}
              display={formatNumber(ef, 0)}
              disabled={readOnly || ef === null}
              onChange={(position) => draft.set('search', { ef_search: toEf(position) })}
            />
            <CheckField
              label={t('efDefault', { value: formatNumber(fallback, 0) })}
              checked={chosen === null}
              disabled={readOnly || fallback === null}
              onChange={(event) => draft.set('search', { ef_search: event.target.checked ? null : fallback })}
            />
          </div>
          {ef !== null && <SampleEffect now={settings.data?.current_ef_search ?? ef} then={ef} />}
        </div>
        <div className="min-w-0">
          <h3 className="mb-1 text-[0.92rem]">
            {t('curve')}{' '}
            {settings.data?.model_version && (
              <span className="font-normal text-muted">({settings.data.model_version})</span>
            )}
          </h3>
          <QueryPanel
            query={settings}
            isEmpty={(data) => data.curve.length === 0}
            empty={<Empty title={t('curveEmpty')} />}
          >
            {(data) => ef !== null && <Curve points={data.curve} ef={ef} />}
          </QueryPanel>
        </div>
      </div>
      <fieldset
        disabled={readOnly}
        className="mt-5 grid gap-4 border-t border-line pt-4 sm:grid-cols-2 sm:*:last:col-span-2 xl:grid-cols-5 xl:*:last:col-span-1"
      >
        <NumberField
          label={t('threshold')}
          percent
          min={0}
          max={100}
          value={draft.value<number>('trainer', 'similarity_threshold')}
          onChange={(value) => draft.set('trainer', { similarity_threshold: value })}
        />
        <NumberField
          label={t('highThreshold')}
          percent
          min={0}
          max={100}
          value={draft.value<number>('predictor', 'similarity_high_threshold')}
          onChange={(value) => draft.set('predictor', { similarity_high_threshold: value })}
        />
        <NumberField
          label={t('variants')}
          min={1}
          max={10}
          digits={0}
          value={draft.value<number>('predictor', 'max_routing_variants')}
          onChange={(value) => draft.set('predictor', { max_routing_variants: value })}
        />
        <NumberField
          label={t('cacheEntries')}
          min={1}
          max={50_000}
          digits={0}
          value={draft.value<number>('search', 'cache_entries')}
          onChange={(value) => draft.set('search', { cache_entries: value })}
        />
        <SelectField
          label={t('strategy')}
          value={draft.value<string>('prediction', 'strategy') ?? 'consensus'}
          options={[
            { value: 'consensus', label: t('consensus') },
            { value: 'nearest', label: t('nearest') },
          ]}
          onChange={(event) => draft.set('prediction', { strategy: event.target.value })}
        />
      </fieldset>
    </Card>
  )
}

function Curve({ points, ef }: { points: CurvePoint[]; ef: number }) {
  const t = useOptionsText()
  const option = useMemo(
    () => ({
      textStyle: TEXT,
      grid: { ...GRID, top: 54, bottom: 28 },
      legend: { top: 0, textStyle: TEXT },
      tooltip: { trigger: 'axis' },
      xAxis: {
        type: 'log',
        logBase: 2,
        name: 'ef_search',
        nameLocation: 'middle',
        nameGap: 26,
        // The chosen width too, where it was not measured.
        min: Math.min(ef, ...points.map((point) => point.ef_search)),
        max: Math.max(ef, ...points.map((point) => point.ef_search)),
        ...AXIS,
        splitLine: { show: false },
      },
      yAxis: [
        { ...qualityAxis(points.map((point) => point.recall)), name: t('recall') },
        { ...amountAxis('ms'), splitLine: { show: false } },
      ],
      series: [
        {
          name: t('recall'),
          type: 'line',
          ...lineLook(0),
          tooltip: percentTip,
          data: points.map((point) => [point.ef_search, point.recall]),
          markLine: {
            symbol: 'none',
            label: { formatter: `ef ${ef}`, color: SERIES[3] },
            lineStyle: { color: SERIES[3], width: 2 },
            data: [{ xAxis: ef }],
          },
        },
        {
          name: t('latency'),
          type: 'line',
          yAxisIndex: 1,
          ...lineLook(1),
          tooltip: tip('ms', 3),
          data: points.map((point) => [point.ef_search, point.latency_ms]),
        },
      ],
    }),
    [points, ef, t],
  )
  return <Chart option={option} label={t('curve')} height={230} />
}
