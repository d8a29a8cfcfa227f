/** Figures of the last prediction. */
import { featuresOf } from '@/api/features'
import { Card, Figure } from '@/ui/Card'
import { Empty } from '@/ui/PanelState'
import { formatNumber, formatPercent, formatTime } from '@/i18n/format'
import { useRouting } from '../store/routingStore'
import { useRoutingText } from '../texts'
import { featureLabel } from '../weights/featureLabels'
import { PredictionWarnings } from './PredictionWarnings'

interface Metrics {
  requested_items?: number
  returned_routings?: number
  returned_candidates?: number
  threshold?: number
  generated_at?: string
  model_version?: string
  search_ms?: number
  ef_search?: number
  feature_weights?: unknown
}

const MOST_WEIGHTS = 8

export function PredictionMetrics() {
  const t = useRoutingText()
  const prediction = useRouting((state) => state.prediction)
  const profile = useRouting((state) => state.predictedWith)
  const metrics = (prediction?.metrics ?? {}) as Metrics
  return (
    <Card title={t('metrics')} description={t('metricsAbout')}>
      {!prediction ? (
        <Empty title={t('metricsEmpty')} />
      ) : (
        <>
          <div className="grid grid-cols-2 gap-4 sm:grid-cols-3 2xl:grid-cols-4">
            <Figure label={t('metric.requested')} value={formatNumber(metrics.requested_items, 0)} />
            <Figure
              label={t('metric.routings')}
              value={formatNumber(metrics.returned_routings ?? prediction.items.length, 0)}
            />
            <Figure
              label={t('metric.candidates')}
              value={formatNumber(metrics.returned_candidates ?? prediction.candidates.length, 0)}
            />
            <Figure label={t('metric.threshold')} value={formatPercent(metrics.threshold)} />
            <Figure label={t('metric.generated')} value={formatTime(metrics.generated_at)} />
            <Figure label={t('metric.model')} value={metrics.model_version ?? '–'} />
            {metrics.ef_search !== undefined && (
              <Figure
                label="ef_search"
                value={formatNumber(metrics.ef_search, 0)}
                remark={
                  metrics.search_ms === undefined ? undefined : `${formatNumber(metrics.search_ms, 2)} ms`
                }
              />
            )}
          </div>
          <AppliedWeights
            profile={profile === 'custom' ? t('custom') : profile}
            weights={featuresOf(metrics.feature_weights)}
          />
          <PredictionWarnings prediction={prediction} />
        </>
      )}
    </Card>
  )
}

/** The weights that the prediction was made with, heaviest first. */
function AppliedWeights({ profile, weights }: { profile: string; weights: ReturnType<typeof featuresOf> }) {
  const t = useRoutingText()
  const heaviest = Object.entries(weights?.weights ?? {})
    .filter(([name, weight]) => weight > 0 && weights?.active_features[name] !== false)
    .sort(([, first], [, second]) => second - first)
    .slice(0, MOST_WEIGHTS)
  return (
    <section className="mt-4 border-t border-line pt-3" aria-label={t('metric.active')}>
      <h3 className="text-[0.92rem]">{t('metric.active')}</h3>
      <p className="mb-1 text-[0.86rem]">{t('activeProfile', { name: profile })}</p>
      <dl className="grid gap-x-6 text-[0.86rem] sm:grid-cols-2">
        {heaviest.map(([name, weight]) => (
          <div key={name} className="flex justify-between gap-2 border-b border-line/60 py-0.5">
            <dt className="truncate text-muted" title={name}>
              {featureLabel(name)}
            </dt>
            <dd className="font-semibold text-heading tabular-nums">{weight.toFixed(2)}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
