/** 모델 관리: versions, what each holds, and the history. Administrators only. */
import { useSearchParams } from 'wouter'
import { useVersionDetail, useVersionHistory, useVersions, type VersionDetail } from '@/api/training'
import { factsOf } from '@/api/versionFacts'
import { HistoryWords } from '@/blueprint/HistoryWords'
import { Badge, Card, Figure } from '@/ui/Card'
import { Empty, QueryPanel } from '@/ui/PanelState'
import { formatBytes, formatNumber, formatPercent, formatTime } from '@/i18n/format'
import { useTrainingWords } from '@/i18n/trainingWords'
import { EvaluationFigures } from '@/quality/EvaluationFigures'
import { ComparisonPanel } from './ComparisonPanel'
import { useModelsText } from './texts'
import { VersionsPanel } from './VersionsPanel'

export default function ModelsScreen() {
  const t = useModelsText()
  const versions = useVersions()
  const [address, go] = useSearchParams()
  const picked = address.get('version')
  const chosen = picked ?? versions.data?.find((version) => version.active_flag)?.version_name ?? null
  const detail = useVersionDetail(chosen)
  const active = versions.data?.find((version) => version.active_flag)?.version_name ?? null
  const activeDetail = useVersionDetail(active)
  return (
    <div className="flex flex-col gap-5">
      <VersionsPanel chosen={chosen} onChoose={(version) => go({ version })} />
      <div className="grid items-start gap-5 xl:grid-cols-2">
        <Card title={t('details')} description={chosen ?? t('choose')}>
          {chosen && (
            <QueryPanel query={detail} rows={5}>
              {(data) => <Facts detail={data} active={chosen === active ? null : activeDetail.data} />}
            </QueryPanel>
          )}
        </Card>
        <VersionHistory />
      </div>
      {chosen && active && chosen !== active && (
        <ComparisonPanel key={chosen} version={chosen} active={active} />
      )}
    </div>
  )
}

function Facts({ detail, active }: { detail: VersionDetail; active: VersionDetail | null | undefined }) {
  const t = useModelsText()
  const facts = factsOf(detail.manifest)
  return (
    <>
      <div className="grid grid-cols-2 gap-4 md:grid-cols-3">
        <Figure label={t('items')} value={formatNumber(facts.items, 0)} />
        <Figure label={t('dimension')} value={formatNumber(facts.dimension, 0)} />
        <Figure label={t('engine')} value={facts.engine ?? '–'} />
        <Figure label={t('defaultEf')} value={formatNumber(facts.defaultEf, 0)} />
        <Figure
          label={t('recallAt')}
          value={formatPercent(facts.recall, 2)}
          remark={facts.latency === null ? undefined : `${formatNumber(facts.latency, 3)} ms`}
        />
        <Figure label={t('size')} value={formatBytes(detail.bytes)} />
      </div>
      {facts.evaluation && (
        <section className="mt-4 border-t border-line pt-3" aria-label={t('judged')}>
          <h3 className="mb-2 text-[0.95rem]">{t('judged')}</h3>
          <EvaluationFigures
            evaluation={facts.evaluation}
            active={active ? factsOf(active.manifest).evaluation : null}
          />
        </section>
      )}
      <dl className="mt-4 space-y-1 text-[0.86rem]">
        <dt className="text-muted">{t('folder')}</dt>
        <dd className="font-mono text-[0.82rem] break-all">{detail.artifact_dir}</dd>
        <dt className="text-muted">{t('hash')}</dt>
        <dd className="font-mono text-[0.82rem] break-all">{detail.manifest_sha256 ?? '–'}</dd>
      </dl>
      {facts.artifacts.length > 0 && (
        <details className="mt-3">
          <summary className="text-accent-ink">{t('artifacts', { count: facts.artifacts.length })}</summary>
          <ul className="mt-1 max-h-60 overflow-y-auto text-[0.84rem]">
            {facts.artifacts.map((artifact) => (
              <li key={artifact.name}>
                <b className="text-heading">{artifact.name}</b>{' '}
                <span className="font-mono text-muted">{artifact.path}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  )
}

function VersionHistory() {
  const t = useModelsText()
  const words = useTrainingWords()
  const history = useVersionHistory()
  return (
    <Card title={t('history')} description={t('historyAbout')}>
      <QueryPanel
        query={history}
        rows={5}
        isEmpty={(data) => data.length === 0}
        empty={<Empty title={t('historyEmpty')} />}
      >
        {(data) => (
          <ul className="flex max-h-[26rem] flex-col gap-2 overflow-y-auto">
            {data.map((entry, index) => (
              <li key={index} className="tile px-3 py-2">
                <div className="flex flex-wrap items-center gap-2">
                  <Badge
                    tone={
                      entry.action === 'refused'
                        ? 'bad'
                        : entry.action === 'activated' || entry.action === 'rolled_back'
                          ? 'good'
                          : 'plain'
                    }
                  >
                    {words(entry.action)}
                  </Badge>
                  <b className="text-heading">{entry.version_name}</b>
                  {entry.previous_version && (
                    <span className="text-[0.84rem] text-muted">
                      {t('previous', { name: entry.previous_version })}
                    </span>
                  )}
                </div>
                <div className="text-[0.84rem] text-muted">
                  {formatTime(entry.at)} · <HistoryWords entry={entry} />
                </div>
              </li>
            ))}
          </ul>
        )}
      </QueryPanel>
    </Card>
  )
}
