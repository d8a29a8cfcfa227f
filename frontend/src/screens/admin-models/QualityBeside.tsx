/** How well a version predicts, each figure beside that of the active one. */
import { useVersionDetail } from '@/api/training'
import { factsOf } from '@/api/versionFacts'
import { EvaluationFigures } from '@/quality/EvaluationFigures'
import { QueryPanel } from '@/ui/PanelState'
import { useModelsText } from './texts'

export function QualityBeside({ version, active }: { version: string; active: string | null }) {
  const t = useModelsText()
  const detail = useVersionDetail(version)
  const activeDetail = useVersionDetail(active)
  return (
    <section aria-label={t('qualityBeside')} className="mb-4">
      <h3 className="mb-2 text-[0.95rem]">{t('qualityBeside')}</h3>
      <QueryPanel query={detail} rows={3}>
        {({ manifest }) => {
          const { evaluation } = factsOf(manifest)
          return evaluation ? (
            <EvaluationFigures
              evaluation={evaluation}
              active={factsOf(activeDetail.data?.manifest).evaluation}
            />
          ) : (
            <p className="text-muted">{t('qualityNone')}</p>
          )
        }}
      </QueryPanel>
    </section>
  )
}
