/** How long each stage of the training took. */
import { useReport } from '@/api/reports'
import { Card } from '@/ui/Card'
import { Empty, QueryPanel } from '@/ui/PanelState'
import { formatBytes, formatSeconds } from '@/i18n/format'
import { noticeText } from '@/i18n/notices'
import { useTrainingWords } from '@/i18n/trainingWords'
import { featureLabel } from '@/api/plant'
import { NoActive } from './NoActive'
import { useTrainingText } from './texts'

export function StagesPanel({ version }: { version: string | null }) {
  const t = useTrainingText()
  const words = useTrainingWords()
  const metrics = useReport(version, 'training_metrics')
  const advice = useReport(version, 'feature_recommendations').data?.recommendations ?? []
  return (
    <Card title={t('stages')} description={t('stagesAbout')}>
      {version === null ? (
        <NoActive />
      ) : (
        <QueryPanel
          query={metrics}
          isEmpty={(data) => !data?.stages}
          empty={<Empty title={t('stagesEmpty')} />}
        >
          {(data) => {
            const stages = Object.entries(data?.stages ?? {})
            const longest = Math.max(...stages.map(([, seconds]) => seconds), 0.001)
            return (
              <>
                <dl className="space-y-1.5">
                  {stages.map(([stage, seconds]) => (
                    <div
                      key={stage}
                      className="grid grid-cols-[8.5rem_1fr_5rem] items-center gap-2 text-[0.88rem]"
                    >
                      <dt className="truncate">{words(stage)}</dt>
                      <dd className="h-2.5 overflow-hidden rounded-full bg-field" aria-hidden>
                        <div
                          className="h-full rounded-full bg-accent-strong"
                          style={{ width: `${(seconds / longest) * 100}%` }}
                        />
                      </dd>
                      <dd className="text-right font-semibold text-heading tabular-nums">
                        {formatSeconds(seconds)}
                      </dd>
                    </div>
                  ))}
                </dl>
                <p className="mt-2 text-[0.86rem] text-muted">
                  {t('total', {
                    time: formatSeconds(data?.total_seconds),
                    memory: formatBytes(data?.peak_memory_bytes),
                  })}
                </p>
              </>
            )
          }}
        </QueryPanel>
      )}
      {advice.length > 0 && (
        <details className="mt-3 text-[0.86rem]">
          <summary className="text-accent-ink">{t('advice', { count: advice.length })}</summary>
          <ul className="mt-1 max-h-48 list-disc overflow-y-auto pl-5">
            {advice.map((one) => (
              <li key={one.feature + one.finding}>
                <b className="text-heading">{featureLabel(one.feature)}</b>{' '}
                {noticeText(`${one.finding}. ${one.recommendation}`, one)}.
              </li>
            ))}
          </ul>
        </details>
      )}
    </Card>
  )
}
