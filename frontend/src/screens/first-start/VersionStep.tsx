/** Steps 6 and 7: how good the trained version is, and making it the one that serves. */
import { Power } from 'lucide-react'
import { useActivateVersion, useTrainingStatus, useVersionDetail, useVersions } from '@/api/training'
import { factsOf } from '@/api/versionFacts'
import { formatNumber } from '@/i18n/format'
import { EvaluationFigures } from '@/quality/EvaluationFigures'
import { Button } from '@/ui/Button'
import { Failed, QueryPanel } from '@/ui/PanelState'
import { TextLink } from '@/ui/TextLink'
import { useGuide } from './guideStore'
import { Step } from './Step'
import { useGuideText } from './texts'

export function VersionStep() {
  const t = useGuideText()
  const trained = useGuide((guide) => guide.trained)
  const status = useTrainingStatus()
  const versions = useVersions()
  const made =
    trained && status.data?.status === 'completed'
      ? (status.data.version_path?.split(/[\\/]/).at(-1) ?? null)
      : null
  const version = versions.data?.find((one) => one.version_name === made)
  const detail = useVersionDetail(made)
  const activate = useActivateVersion()
  const facts = factsOf(detail.data?.manifest)
  const active = !!version?.active_flag
  return (
    <>
      <Step number={6} title={t('quality')} about={t('qualityAbout')} done={made !== null}>
        {made === null ? (
          <p className="text-muted">{t('afterTraining')}</p>
        ) : (
          <QueryPanel query={detail} rows={3}>
            {() =>
              facts.evaluation ? (
                <EvaluationFigures evaluation={facts.evaluation} />
              ) : (
                <p>{t('notJudged', { items: formatNumber(facts.items, 0) })}</p>
              )
            }
          </QueryPanel>
        )}
      </Step>
      <Step number={7} title={t('activate')} about={t('activateAbout')} done={active}>
        {active ? (
          <p role="status">
            {t('serves', { name: made ?? '' })} <TextLink href="/routing">{t('predict')}</TextLink>
          </p>
        ) : (
          <Button
            variant="primary"
            icon={Power}
            busy={activate.isPending}
            disabled={made === null}
            onClick={() => made && activate.mutate({ name: made, reason: t('activateReason') })}
          >
            {t('activateNow')}
          </Button>
        )}
        {activate.isError && (
          <div className="mt-3">
            <Failed error={activate.error} />
          </div>
        )}
      </Step>
    </>
  )
}
