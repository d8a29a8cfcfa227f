/** Save, activate and delete the profile that is open, and what an activation asks for next. */
import { useMutation } from '@tanstack/react-query'
import { Power, RefreshCw, Save, Trash2, Undo2 } from 'lucide-react'
import { request } from '@/api/client'
import { describeError } from '@/api/errors'
import { Button } from '@/ui/Button'
import { goToWrongNumber } from '@/ui/NumberField'
import { useSaveKey } from '@/ui/useSaveKey'
import { notify } from '@/ui/toasts'
import { useCommonText } from '@/i18n/common'
import { useIsAdmin } from '@/session/session'
import { useMappingText } from './texts'
import type { ProfileEditor } from './useProfileEditor'

export function ProfileActions<Profile extends { name: string }>({
  editor,
}: {
  editor: ProfileEditor<Profile>
}) {
  const t = useMappingText()
  const common = useCommonText()
  const isAdmin = useIsAdmin()
  const stored = editor.stored.data
  const save = () => {
    if (isAdmin && editor.dirty && !editor.busy && !goToWrongNumber()) void editor.save()
  }
  useSaveKey(save)
  if (!isAdmin) return <span className="text-[0.86rem] text-muted">{common('adminOnly')}</span>
  return (
    <>
      <Button
        size="sm"
        variant={editor.dirty ? 'primary' : 'secondary'}
        icon={Save}
        busy={editor.busy}
        disabled={!editor.dirty}
        onClick={save}
      >
        {t('save')}
      </Button>
      {editor.dirty ? (
        <Button size="sm" icon={Undo2} onClick={editor.discard}>
          {t('discard')}
        </Button>
      ) : (
        <>
          <Button
            size="sm"
            icon={Power}
            disabled={!stored || stored.active || !stored.valid}
            onClick={() => void editor.activate()}
          >
            {t('activate')}
          </Button>
          <Button
            size="sm"
            variant="danger"
            icon={Trash2}
            disabled={!stored || stored.active || stored.built_in}
            onClick={() => void editor.remove()}
          >
            {common('remove')}
          </Button>
        </>
      )}
    </>
  )
}

export function ActivationNotice<Profile extends { name: string }>({
  editor,
}: {
  editor: ProfileEditor<Profile>
}) {
  const t = useMappingText()
  const refresh = useMutation({
    mutationFn: () => request<unknown>('post', '/api/master-data/refresh', { body: { force: true } }),
    onSuccess: () => notify('good', t('refreshDone')),
    onError: (error) => notify('bad', describeError(error)),
  })
  const { activation } = editor
  if (!activation?.refresh_needed && !activation?.training_needed) return null
  return (
    <div
      role="status"
      className="mb-3 flex flex-col gap-2 rounded-2xl border border-warn/40 bg-warn-soft px-4 py-3"
    >
      {activation.refresh_needed && (
        <div className="flex flex-wrap items-center gap-3">
          {t('refreshNeeded', { count: activation.changed_columns.length })}
          <Button size="sm" icon={RefreshCw} busy={refresh.isPending} onClick={() => refresh.mutate()}>
            {t('refreshNow')}
          </Button>
        </div>
      )}
      {activation.training_needed && <div>{t('trainingNeeded')}</div>}
    </div>
  )
}
