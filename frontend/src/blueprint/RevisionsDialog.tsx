/** What changed from revision to revision of the settings, and the way back. */
import { Undo2 } from 'lucide-react'
import { useRevert, useSettingsRevisions, type SettingsRevision } from '@/api/blueprint'
import { describeError } from '@/api/errors'
import { Button } from '@/ui/Button'
import { Dialog } from '@/ui/Dialog'
import { ask } from '@/ui/confirm'
import { Empty, QueryPanel } from '@/ui/PanelState'
import { notify } from '@/ui/toasts'
import { formatTime } from '@/i18n/format'
import { blueprintText, useBlueprintText } from './texts'

export function RevisionsDialog({
  readOnly,
  onReverted,
  onClose,
}: {
  readOnly: boolean
  onReverted?: () => void
  onClose: () => void
}) {
  const t = useBlueprintText()
  const revisions = useSettingsRevisions()
  const revert = useRevert()

  const goBack = async (revision: number) => {
    const answer = await ask({
      title: blueprintText('revertTitle'),
      text: blueprintText('revertText', { revision }),
      choices: [{ value: 'revert', label: blueprintText('revert'), danger: true }],
    })
    if (answer !== 'revert') return
    try {
      await revert.mutateAsync(revision)
      notify('good', blueprintText('reverted', { revision }))
      onReverted?.()
    } catch (error) {
      notify('bad', describeError(error))
    }
  }

  return (
    <Dialog open wide onClose={onClose} title={t('revisions')} description={t('revisionsAbout')}>
      <QueryPanel
        query={revisions}
        rows={8}
        isEmpty={(data) => data.length === 0}
        empty={<Empty title={t('revisionsEmpty')} />}
      >
        {(data) => (
          <ul className="flex flex-col gap-2">
            {data.map((revision, index) => (
              <li key={revision.revision} className="tile px-4 py-2">
                <div className="flex flex-wrap items-center justify-between gap-2">
                  <span>
                    <b className="text-heading">{t('revision', { revision: revision.revision })}</b>{' '}
                    <span className="text-[0.86rem] text-muted">
                      {formatTime(revision.at)} · {revision.author}
                      {revision.comment && ` · ${revision.comment}`}
                    </span>
                  </span>
                  {!readOnly && index > 0 && (
                    <Button
                      size="sm"
                      icon={Undo2}
                      busy={revert.isPending}
                      onClick={() => void goBack(revision.revision)}
                    >
                      {t('revert')}
                    </Button>
                  )}
                </div>
                {revision.changes.length > 0 && <Changes changes={revision.changes} />}
              </li>
            ))}
          </ul>
        )}
      </QueryPanel>
    </Dialog>
  )
}

function short(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text === undefined ? '–' : text.length > 200 ? `${text.slice(0, 200)}…` : text
}

function Changes({ changes }: { changes: SettingsRevision['changes'] }) {
  const t = useBlueprintText()
  return (
    <details className="mt-1">
      <summary className="text-[0.86rem] text-accent-ink">{t('changes', { count: changes.length })}</summary>
      <table className="data-table">
        <tbody>
          {changes.map((change) => (
            <tr key={change.path}>
              <th scope="row" className="font-mono text-[0.8rem] font-normal!">
                {change.path}
              </th>
              <td className="max-w-72 text-[0.82rem] break-words" title={t('before')}>
                <del>{short(change.before)}</del>
              </td>
              <td className="max-w-72 text-[0.82rem] break-words" title={t('after')}>
                <ins className="no-underline">{short(change.after)}</ins>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  )
}
