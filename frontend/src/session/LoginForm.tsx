/** E-mail and password. With `fixedUsername` only that person can come back in. */
import { useState, type FormEvent } from 'react'
import { describeError, statusOf } from '@/api/errors'
import { Button } from '@/ui/Button'
import { TextField } from '@/ui/Field'
import { logIn } from './session'
import { useSessionText } from './texts'

export function LoginForm({ fixedUsername }: { fixedUsername?: string }) {
  const t = useSessionText()
  const [username, setUsername] = useState(fixedUsername ?? '')
  const [password, setPassword] = useState('')
  const [error, setError] = useState<string>()
  const [busy, setBusy] = useState(false)

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(undefined)
    try {
      await logIn(username.trim(), password)
    } catch (problem) {
      const status = statusOf(problem)
      setError(status === 401 ? t('loginFailed') : status === 429 ? t('throttled') : describeError(problem))
      setPassword('')
    } finally {
      setBusy(false)
    }
  }

  return (
    <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-3">
      <TextField
        label={t('email')}
        type="text"
        inputMode="email"
        autoComplete="username"
        required
        readOnly={fixedUsername !== undefined}
        autoFocus={fixedUsername === undefined}
        value={username}
        onChange={(event) => setUsername(event.target.value)}
      />
      <TextField
        label={t('password')}
        type="password"
        autoComplete="current-password"
        required
        autoFocus={fixedUsername !== undefined}
        value={password}
        error={error}
        onChange={(event) => setPassword(event.target.value)}
      />
      <Button type="submit" variant="primary" busy={busy}>
        {t('login')}
      </Button>
    </form>
  )
}
