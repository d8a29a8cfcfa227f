/** Figures of the last prediction. */
import { Card, Figure } from '@/ui/Card'
import { Empty } from '@/ui/PanelState'
import { formatNumber, formatPercent, formatTime } from '@/i18n/format'
import { useRouting } from '../store/routingStore'
import { useRoutingText } from '../texts'

interface Metrics {
  requested_items?: number
  returned_routings?: number
  returned_candidates?: number
  threshold?: number
  generated_at?: string
  model_version?: string
  search_ms?: number
  ef_search?: number
  /** Items that nothing in the training data is like. */
  unlike_training_data?: string[]
  warnings?: { item_code?: string; message: string }[]
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
          {!!metrics.unlike_training_data?.length && (
            <p className="mt-3 rounded-xl border border-warn/40 bg-warn-soft px-4 py-2 text-[0.88rem]">
              {t('unlike', { codes: metrics.unlike_training_data.join(', ') })}
            </p>
          )}
          {metrics.warnings && metrics.warnings.length > 0 && (
            <ul className="mt-3 rounded-xl border border-warn/40 bg-warn-soft px-4 py-2 text-[0.88rem]">
              {metrics.warnings.map((warning, index) => (
                <li key={index}>
                  {warning.item_code && <b className="text-heading">{warning.item_code}: </b>}
                  {warning.message}
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </Card>
  )
}
