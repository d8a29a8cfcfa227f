/** The version list with verify, activate, roll back and retire. */
import { Archive, CheckCheck, Power, Undo2 } from 'lucide-react'
import { useState } from 'react'
import { describeError } from '@/api/errors'
import {
  useActivateVersion,
  useRetireVersion,
  useRollback,
  useVersions,
  useVerifyVersion,
  useVersionHistory,
  type Activation,
  type HistoryEntry,
} from '@/api/training'
import type { ModelVersion } from '@/api/types'
import { ActionsHead } from '@/ui/ActionsHead'
import { Button } from '@/ui/Button'
import { Badge, Card } from '@/ui/Card'
import { Empty, QueryPanel } from '@/ui/PanelState'
import { PromptDialog } from '@/ui/PromptDialog'
import { notify } from '@/ui/toasts'
import { formatNumber, formatTime } from '@/i18n/format'
import { actor } from '@/i18n/actors'
import { noticeTexts } from '@/i18n/notices'
import { QualityBeside } from './QualityBeside'
import { modelsText, useModelsText } from './texts'

interface Intent {
  kind: 'activate' | 'retire' | 'rollback'
  name: string
}

function tell(version: Activation) {
  notify(
    'good',
    modelsText('activated', { name: version.version_name, count: version.confirmed_by?.length ?? 0 }),
  )
  if (version.away?.length) notify('info', modelsText('away', { names: version.away.join(', ') }))
}

const NO_HISTORY: readonly HistoryEntry[] = []

/** Whether the last that happened to a version is that it was retired: the one before the active is not. */
export function isWithdrawn(
  version: Pick<ModelVersion, 'version_name' | 'status'>,
  history: readonly HistoryEntry[],
) {
  if (version.status !== 'retired') return false
  const last = history.find((entry) => entry.version_name === version.version_name)
  return last === undefined || last.action === 'retired'
}

export function VersionsPanel({
  chosen,
  onChoose,
}: {
  chosen: string | null
  onChoose: (name: string) => void
}) {
  const t = useModelsText()
  const versions = useVersions()
  const history = useVersionHistory().data ?? NO_HISTORY
  const verify = useVerifyVersion()
  const activate = useActivateVersion()
  const retire = useRetireVersion()
  const rollback = useRollback()
  const [intent, setIntent] = useState<Intent | null>(null)

  const refused = (error: unknown) => notify('bad', `${t('activateRefused')}\n${describeError(error)}`)
  const carryOut = (reason: string) => {
    if (!intent) return
    const close = () => setIntent(null)
    if (intent.kind === 'activate')
      activate.mutate({ name: intent.name, reason }, { onSuccess: tell, onError: refused, onSettled: close })
    else if (intent.kind === 'rollback')
      rollback.mutate({ steps: 1, reason }, { onSuccess: tell, onError: refused, onSettled: close })
    else {
      retire.mutate(
        { name: intent.name, reason },
        {
          onSuccess: () => notify('good', t('retiredDone', { name: intent.name })),
          onError: (error) => notify('bad', describeError(error)),
          onSettled: close,
        },
      )
    }
  }

  return (
    <Card
      title={t('versions')}
      description={t('versionsAbout')}
      actions={
        <Button icon={Undo2} onClick={() => setIntent({ kind: 'rollback', name: '' })}>
          {t('rollback')}
        </Button>
      }
    >
      <QueryPanel
        query={versions}
        rows={6}
        isEmpty={(data) => data.length === 0}
        empty={<Empty title={t('versionsEmpty')} hint={t('versionsEmptyHint')} />}
      >
        {(data) => (
          <div className="overflow-x-auto" tabIndex={0} role="group" aria-label={t('versions')}>
            <table className="data-table">
              <thead>
                <tr>
                  <th scope="col">{t('version')}</th>
                  <th scope="col">{t('status')}</th>
                  <th scope="col">{t('trained')}</th>
                  <th scope="col">{t('activatedAt')}</th>
                  <th scope="col">{t('requestedBy')}</th>
                  <ActionsHead />
                </tr>
              </thead>
              <tbody>
                {data.map((version) => (
                  <VersionRow
                    key={version.version_name}
                    version={version}
                    chosen={version.version_name === chosen}
                    withdrawn={isWithdrawn(version, history)}
                    verifying={verify.isPending && verify.variables === version.version_name}
                    onChoose={() => onChoose(version.version_name)}
                    onVerify={() =>
                      verify.mutate(version.version_name, {
                        onError: (error) => notify('bad', describeError(error)),
                      })
                    }
                    onIntent={(kind) => setIntent({ kind, name: version.version_name })}
                  />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </QueryPanel>
      {verify.data && (
        <div
          role="status"
          className={`mt-3 rounded-2xl border px-4 py-3 ${verify.data.ok ? 'border-good/40 bg-good-soft' : 'border-bad/40 bg-bad-soft'}`}
        >
          <b>
            {verify.data.ok
              ? t('verified', { name: verify.variables ?? '', ms: formatNumber(verify.data.elapsed_ms, 0) })
              : t('verifyFailed', { name: verify.variables ?? '' })}
          </b>
          <ul className="list-disc pl-5 text-[0.88rem]">
            {noticeTexts(verify.data.problems, verify.data.problem_notices).map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
          {verify.data.passed.length > 0 && (
            <p className="text-[0.86rem] text-muted">
              {t('passed')}: {noticeTexts(verify.data.passed, verify.data.passed_notices).join(' · ')}
            </p>
          )}
        </div>
      )}
      {intent && (
        <PromptDialog
          title={intent.kind === 'rollback' ? t('rollback') : `${t(intent.kind)}: ${intent.name}`}
          description={intent.kind === 'rollback' ? t('rollbackText') : undefined}
          label={t('reason')}
          action={t(intent.kind)}
          danger={intent.kind !== 'activate'}
          busy={activate.isPending || retire.isPending || rollback.isPending}
          onSubmit={carryOut}
          onClose={() => setIntent(null)}
        >
          {intent.kind === 'activate' && (
            <QualityBeside
              version={intent.name}
              active={versions.data?.find((version) => version.active_flag)?.version_name ?? null}
            />
          )}
        </PromptDialog>
      )}
    </Card>
  )
}

interface VersionRowProps {
  version: ModelVersion
  chosen: boolean
  /** Taken out of use on purpose, and not only followed by another version. */
  withdrawn: boolean
  verifying: boolean
  onChoose: () => void
  onVerify: () => void
  onIntent: (kind: 'activate' | 'retire') => void
}

function VersionRow({
  version,
  chosen,
  withdrawn,
  verifying,
  onChoose,
  onVerify,
  onIntent,
}: VersionRowProps) {
  const t = useModelsText()
  const tone = version.active_flag ? 'good' : version.status === 'retired' ? 'plain' : 'warn'
  return (
    <tr className={chosen ? 'bg-accent-soft/60' : undefined}>
      <td>
        <button
          type="button"
          aria-pressed={chosen}
          className="font-semibold text-accent-ink underline underline-offset-2"
          onClick={onChoose}
        >
          {version.version_name}
        </button>
      </td>
      <td>
        <Badge tone={tone}>
          {version.active_flag
            ? t('active')
            : version.status === 'retired'
              ? t(withdrawn ? 'retired' : 'former')
              : version.status === 'pending'
                ? t('pending')
                : version.status}
        </Badge>
      </td>
      <td className="whitespace-nowrap">{formatTime(version.trained_at)}</td>
      <td className="whitespace-nowrap">{formatTime(version.activated_at)}</td>
      <td>{actor(version.requested_by)}</td>
      <td>
        <span className="flex flex-wrap justify-end gap-1">
          <Button size="sm" icon={CheckCheck} busy={verifying} onClick={onVerify}>
            {t('verify')}
          </Button>
          {!version.active_flag && (
            <>
              <Button size="sm" icon={Power} onClick={() => onIntent('activate')}>
                {t('activate')}
              </Button>
              {!withdrawn && (
                <Button size="sm" icon={Archive} onClick={() => onIntent('retire')}>
                  {t('retire')}
                </Button>
              )}
            </>
          )}
        </span>
      </td>
    </tr>
  )
}
