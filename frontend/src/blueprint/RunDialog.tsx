/** Starts a training with the saved graph and shows how it goes. */
import { Play, Square } from 'lucide-react'
import { useState } from 'react'
import { describeError, statusOf } from '@/api/errors'
import { useCancelTraining, useStartTraining, useTrainingStatus } from '@/api/training'
import { Button } from '@/ui/Button'
import { Dialog } from '@/ui/Dialog'
import { CheckField, TextField } from '@/ui/Field'
import { notify } from '@/ui/toasts'
import { TrainingProgress } from './TrainingProgress'
import { useBlueprintText } from './texts'

export function RunDialog({ unsaved, onClose }: { unsaved: boolean; onClose: () => void }) {
  const t = useBlueprintText()
  const status = useTrainingStatus()
  const start = useStartTraining()
  const cancel = useCancelTraining()
  const [label, setLabel] = useState('')
  const [dryRun, setDryRun] = useState(false)
  const [activate, setActivate] = useState(false)
  const running = status.data?.status === 'running'

  const run = () =>
    start.mutate(
      { version_label: label.trim() || undefined, dry_run: dryRun, activate: activate && !dryRun },
      {
        onSuccess: () => notify('good', t('started')),
        onError: (error) =>
          notify(
            'bad',
            statusOf(error) === 409
              ? `${t('alreadyRunning')}\n${describeError(error)}`
              : describeError(error),
          ),
      },
    )

  return (
    <Dialog
      open
      onClose={onClose}
      title={t('runTitle')}
      description={t('runText')}
      footer={
        running ? (
          <Button
            variant="danger"
            icon={Square}
            busy={cancel.isPending}
            onClick={() =>
              cancel.mutate(undefined, { onError: (error) => notify('bad', describeError(error)) })
            }
          >
            {t('cancelRun')}
          </Button>
        ) : (
          <Button variant="primary" icon={Play} busy={start.isPending} onClick={run}>
            {t('start')}
          </Button>
        )
      }
    >
      <div className="flex flex-col gap-3">
        {unsaved && <p className="rounded-xl bg-warn-soft px-3 py-2 text-warn">{t('runUnsaved')}</p>}
        {!running && (
          <>
            <TextField
              label={t('versionLabel')}
              maxLength={64}
              value={label}
              onChange={(event) => setLabel(event.target.value)}
            />
            <CheckField
              label={t('dryRun')}
              checked={dryRun}
              onChange={(event) => setDryRun(event.target.checked)}
            />
            <CheckField
              label={t('activateAfter')}
              disabled={dryRun}
              checked={activate && !dryRun}
              onChange={(event) => setActivate(event.target.checked)}
            />
          </>
        )}
        {status.data && status.data.status !== 'idle' && <TrainingProgress status={status.data} />}
      </div>
    </Dialog>
  )
}
