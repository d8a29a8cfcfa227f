/** Changes the person's own password. */
import { useState, type FormEvent } from 'react'
import { request } from '@/api/client'
import { describeError, reasonOf } from '@/api/errors'
import { Button } from '@/ui/Button'
import { Dialog } from '@/ui/Dialog'
import { TextField } from '@/ui/Field'
import { notify } from '@/ui/toasts'
import { useSessionText } from './texts'

export function PasswordDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const t = useSessionText()
  return (
    <Dialog open={open} onClose={onClose} title={t('changePassword')}>
      {open && <PasswordForm onDone={onClose} />}
    </Dialog>
  )
}

function PasswordForm({ onDone }: { onDone: () => void }) {
  const t = useSessionText()
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const [again, setAgain] = useState('')
  const [error, setError] = useState<string>()
  const [busy, setBusy] = useState(false)
  const differ = again !== '' && again !== next

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (differ) return
    setBusy(true)
    setError(undefined)
    try {
      await request('post', '/api/auth/password', {
        body: { current_password: current, new_password: next },
        anonymous: true,
      })
      notify('good', t('changed'))
      onDone()
    } catch (problem) {
      setError(reasonOf(problem) === 'WRONG_PASSWORD' ? t('wrongPassword') : describeError(problem))
    } finally {
      setBusy(false)
    }
  }

  return (
    <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-3">
      <TextField
        label={t('currentPassword')}
        type="password"
        autoComplete="current-password"
        required
        value={current}
        error={error}
        onChange={(event) => setCurrent(event.target.value)}
      />
      <TextField
        label={t('newPassword')}
        hint={t('passwordHint')}
        type="password"
        autoComplete="new-password"
        required
        minLength={8}
        maxLength={128}
        value={next}
        onChange={(event) => setNext(event.target.value)}
      />
      <TextField
        label={t('passwordAgain')}
        type="password"
        autoComplete="new-password"
        required
        value={again}
        error={differ ? t('passwordsDiffer') : undefined}
        onChange={(event) => setAgain(event.target.value)}
      />
      <Button type="submit" variant="primary" busy={busy}>
        {t('changePassword')}
      </Button>
    </form>
  )
}
