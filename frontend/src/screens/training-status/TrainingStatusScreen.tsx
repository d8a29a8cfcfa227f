/** 학습 모니터링: the active model, what it was trained on, how good it is, and what ran. */
import { ExternalLink, Info } from 'lucide-react'
import { Link } from 'wouter'
import { useModelFeatures } from '@/api/features'
import { useSnapshot } from '@/api/operations'
import { useVersionDetail, useVersions } from '@/api/training'
import { useVisualization } from '@/api/visualization'
import { factsOf } from '@/api/versionFacts'
import { RunHistory } from '@/blueprint/RunHistory'
import { Card, Figure } from '@/ui/Card'
import { Empty, QueryPanel } from '@/ui/PanelState'
import { useMediaQuery } from '@/ui/useMediaQuery'
import { formatNumber, formatPercent, formatTime } from '@/i18n/format'
import { FeaturePanel } from './FeaturePanel'
import { HeatPanel } from './HeatPanel'
import { ProposalsPanel } from './ProposalsPanel'
import { QualityPanel } from './QualityPanel'
import { StagesPanel } from './StagesPanel'
import { TrendPanel } from './TrendPanel'
import { useTrainingText } from './texts'

const PROJECTOR_FILES = ['projector_config.json', 'vectors.tsv', 'metadata.tsv']

export default function TrainingStatusScreen() {
  const t = useTrainingText()
  const versions = useVersions()
  const active = versions.data?.find((version) => version.active_flag) ?? null
  const name = active?.version_name ?? null
  return (
    <div className="flex flex-col gap-5">
      <Figures name={name} known={versions.isSuccess} trainedAt={active?.trained_at} />
      <Panels version={name} />
      <p className="flex items-center justify-center gap-2 text-[0.88rem] text-muted">
        <Info className="size-4" aria-hidden />
        {t('note')}
      </p>
    </div>
  )
}

/** Side by side where there is room for four; else two columns. The last panel of a column fills what the others leave. */
function Panels({ version }: { version: string | null }) {
  const fourColumns = useMediaQuery('(min-width: 1440px)')
  if (fourColumns)
    return (
      <>
        <div className="grid grid-cols-4 gap-5">
          <ProjectorCard />
          <FeaturePanel version={version} />
          <TrendPanel />
          <HeatPanel version={version} />
        </div>
        <div className="grid grid-cols-3 gap-5">
          <QualityPanel version={version} />
          <ProposalsPanel />
          <div className="flex min-w-0 flex-col gap-5 *:last:grow">
            <StagesPanel version={version} />
            <RunHistory />
          </div>
        </div>
      </>
    )
  return (
    <div className="grid gap-5 md:grid-cols-2">
      <div className="flex min-w-0 flex-col gap-5 *:last:grow">
        <ProjectorCard />
        <QualityPanel version={version} />
        <TrendPanel />
        <StagesPanel version={version} />
        <RunHistory />
      </div>
      <div className="flex min-w-0 flex-col gap-5 *:last:grow">
        <FeaturePanel version={version} />
        <HeatPanel version={version} />
        <ProposalsPanel />
      </div>
    </div>
  )
}

interface FiguresProps {
  name: string | null
  /** Whether the versions are known: without them nothing is said about the active one. */
  known: boolean
  trainedAt: string | null | undefined
}

function Figures({ name, known, trainedAt }: FiguresProps) {
  const t = useTrainingText()
  const snapshot = useSnapshot()
  const features = useModelFeatures()
  const detail = useVersionDetail(name)
  const facts = factsOf(detail.data?.manifest)
  const weights = features.data
  const all = Object.keys(weights?.weights ?? {})
  return (
    <div className="grid gap-4 sm:grid-cols-2 xl:grid-cols-4">
      <Card>
        <Figure
          label={t('active')}
          value={name ?? (known ? t('noActive') : '–')}
          remark={formatTime(trainedAt)}
        />
      </Card>
      <Card>
        <Figure
          label={t('dataset')}
          value={snapshot.data?.source.split(/[\\/]/).at(-1) || '–'}
          remark={
            snapshot.data &&
            t('datasetRows', {
              items: formatNumber(snapshot.data.items, 0),
              rows: formatNumber(snapshot.data.routing_rows, 0),
              results: formatNumber(snapshot.data.work_result_rows, 0),
            })
          }
        />
      </Card>
      <Card>
        <Figure
          label={t('quality')}
          value={formatPercent(facts.recall, 2)}
          remark={
            facts.defaultEf === null
              ? undefined
              : t('qualityRemark', {
                  ef: formatNumber(facts.defaultEf, 0),
                  ms: formatNumber(facts.latency, 3),
                })
          }
        />
      </Card>
      <Card>
        <Figure
          label={t('weights')}
          value={
            weights
              ? t('weightsCount', {
                  active: all.filter((one) => weights.active_features[one] !== false).length,
                  all: all.length,
                })
              : '–'
          }
          remark={formatTime(trainedAt)}
        />
      </Card>
    </div>
  )
}

function ProjectorCard() {
  const t = useTrainingText()
  const view = useVisualization()
  return (
    <Card title={t('projector')} description={t('projectorAbout')}>
      <QueryPanel
        query={view}
        rows={3}
        isEmpty={(data) => !data.projector_available}
        empty={<Empty title={t('projectorMissing')} hint={t('projectorMissingHint')} />}
      >
        {() => <ProjectorLinks />}
      </QueryPanel>
    </Card>
  )
}

function ProjectorLinks() {
  const t = useTrainingText()
  return (
    <>
      <Link
        href="/projector"
        className="tile inline-flex items-center gap-2 px-4 py-2 font-medium text-accent-ink underline underline-offset-2 hover:border-accent-strong"
      >
        <ExternalLink className="size-4" aria-hidden />
        {t('projectorOpen')}
      </Link>
      <p className="mt-2 text-[0.84rem] text-muted">{t('projectorHint')}</p>
      <details className="mt-3 text-[0.86rem]">
        <summary className="text-accent-ink">{t('projectorFiles')}</summary>
        <ul className="mt-1">
          {PROJECTOR_FILES.map((file) => (
            <li key={file}>
              <a
                className="text-accent-ink underline underline-offset-2"
                href={`/api/visualization/projector/${file}`}
                download={file}
              >
                {file}
              </a>
            </li>
          ))}
        </ul>
      </details>
    </>
  )
}
