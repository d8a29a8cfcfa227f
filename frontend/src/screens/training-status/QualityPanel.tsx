/** How well the active model predicts routings that are known. */
import { useVersionDetail } from '@/api/training'
import { factsOf } from '@/api/versionFacts'
import { EvaluationFigures } from '@/quality/EvaluationFigures'
import { Card } from '@/ui/Card'
import { Empty, QueryPanel } from '@/ui/PanelState'
import { NoActive } from './NoActive'
import { useTrainingText } from './texts'

export function QualityPanel({ version }: { version: string | null }) {
  const t = useTrainingText()
  const detail = useVersionDetail(version)
  return (
    <Card title={t('judged')} description={t('judgedAbout')}>
      {version === null ? (
        <NoActive />
      ) : (
        <QueryPanel query={detail}>
          {(data) => {
            const { evaluation } = factsOf(data.manifest)
            return evaluation ? (
              <EvaluationFigures evaluation={evaluation} />
            ) : (
              <Empty title={t('judgedEmpty')} hint={t('judgedEmptyHint')} />
            )
          }}
        </QueryPanel>
      )}
    </Card>
  )
}
