/** Figures of the last prediction. */
import { Card, Figure } from '@/ui/Card'
import { Empty } from '@/ui/PanelState'
import { formatNumber, formatPercent, formatTime } from '@/i18n/format'
import { useRouting } from '../store/routingStore'
import { useRoutingText } from '../texts'
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
}

export function PredictionMetrics() {
  const t = useRoutingText()
  const prediction = useRouting((state) => state.prediction)
  const profile = useRouting((state) => state.inputs.weightProfile)
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
            <Figure label={t('metric.active')} value={profile === 'custom' ? t('custom') : profile} />
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
          <PredictionWarnings prediction={prediction} />
        </>
      )}
    </Card>
  )
}
