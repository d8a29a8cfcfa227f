/** Requests an account; it can be used once an administrator has approved it. */
import { useState, type FormEvent } from 'react'
import { describeError, statusOf } from '@/api/errors'
import { Button } from '@/ui/Button'
import { TextField } from '@/ui/Field'
import { register } from './session'
import { useSessionText } from './texts'

export function RegisterForm({ onRequested }: { onRequested: (username: string) => void }) {
  const t = useSessionText()
  const [form, setForm] = useState({ username: '', displayName: '', password: '', again: '' })
  const [error, setError] = useState<string>()
  const [busy, setBusy] = useState(false)
  const differ = form.again !== '' && form.again !== form.password

  const set = (key: keyof typeof form) => (event: { target: { value: string } }) =>
    setForm({ ...form, [key]: event.target.value })

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (form.password !== form.again) return
    setBusy(true)
    setError(undefined)
    try {
      const account = await register(form.username.trim(), form.password, form.displayName.trim())
      onRequested(account.username)
    } catch (problem) {
      setError(statusOf(problem) === 409 ? t('taken') : describeError(problem))
    } finally {
      setBusy(false)
    }
  }

  return (
    <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-3">
      <TextField
        label={t('email')}
        inputMode="email"
        autoComplete="username"
        required
        maxLength={254}
        autoFocus
        value={form.username}
        error={error}
        onChange={set('username')}
      />
      <TextField
        label={t('displayName')}
        autoComplete="name"
        maxLength={128}
        value={form.displayName}
        onChange={set('displayName')}
      />
      <TextField
        label={t('password')}
        hint={t('passwordHint')}
        type="password"
        autoComplete="new-password"
        required
        minLength={8}
        maxLength={128}
        value={form.password}
        onChange={set('password')}
      />
      <TextField
        label={t('passwordAgain')}
        type="password"
        autoComplete="new-password"
        required
        value={form.again}
        error={differ ? t('passwordsDiffer') : undefined}
        onChange={set('again')}
      />
      <Button type="submit" variant="primary" busy={busy} disabled={differ}>
        {t('register')}
      </Button>
    </form>
  )
}
