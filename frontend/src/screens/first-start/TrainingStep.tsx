/** Step 5: the source and its mapping become the plant's, and a version is trained. What serves goes on serving. */
import { useQuery } from '@tanstack/react-query'
import { GraduationCap } from 'lucide-react'
import { request } from '@/api/client'
import { useSnapshot } from '@/api/operations'
import { useTrainingStatus } from '@/api/training'
import type { Suggestion } from '@/api/suggestion'
import { TrainingProgress } from '@/blueprint/TrainingProgress'
import { Button } from '@/ui/Button'
import { Failed } from '@/ui/PanelState'
import { ReadingBar } from '@/ui/ReadingBar'
import { SERVING_SOURCE, useGuide } from './guideStore'
import { Step } from './Step'
import { useGuideText } from './texts'
import { useTakeOver } from './useTakeOver'

interface ServingSource {
  path: string
  changed_by_settings: boolean
}

export function TrainingStep({ suggestion }: { suggestion: Suggestion }) {
  const t = useGuideText()
  const { path, taken, trained } = useGuide()
  const snapshot = useSnapshot(taken && !trained)
  const status = useTrainingStatus()
  const take = useTakeOver()
  const serving = useQuery({
    queryKey: SERVING_SOURCE,
    queryFn: ({ signal }) => request<ServingSource>('get', '/api/access/source', { signal }),
  })
  const running = status.data?.status === 'running'
  const fixed = serving.data && !serving.data.changed_by_settings && serving.data.path !== path
  const open = suggestion.questions.length > 0
  return (
    <Step
      number={5}
      title={t('training')}
      about={t('trainingAbout')}
      done={trained && status.data?.status === 'completed'}
    >
      {fixed && (
        <p role="note" className="mb-2 text-warn">
          {t('fixedSource', { path: serving.data.path })}
        </p>
      )}
      {open && <p className="mb-2 text-warn">{t('answerFirst')}</p>}
      <Button
        variant="primary"
        icon={GraduationCap}
        busy={take.isPending}
        disabled={open || running || !!suggestion.problem || fixed}
        onClick={() => take.mutate({ suggestion, path })}
      >
        {t('train')}
      </Button>
      {take.isError && (
        <div className="mt-3">
          <Failed error={take.error} />
        </div>
      )}
      {taken && <ReadingBar reading={snapshot.data?.reading} share={snapshot.data?.reading_share} />}
      {trained && status.data && (
        <div className="mt-3">
          <TrainingProgress status={status.data} />
        </div>
      )}
    </Step>
  )
}
