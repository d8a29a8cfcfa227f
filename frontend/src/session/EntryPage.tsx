/** What people see before they are logged in: log in, request an account, wait for approval. */
import { Hourglass, Languages } from 'lucide-react'
import { useEffect, useState } from 'react'
import { shellText } from '@/app/texts'
import { currentLanguage, switchLanguage } from '@/i18n'
import { Button } from '@/ui/Button'
import { Card } from '@/ui/Card'
import { LoginForm } from './LoginForm'
import { RegisterForm } from './RegisterForm'
import { useSessionText } from './texts'

export function EntryPage() {
  const t = useSessionText()
  const [mode, setMode] = useState<'login' | 'register' | 'pending'>('login')
  const [requested, setRequested] = useState('')

  useEffect(() => {
    document.title = `${t('login')} · Routing ML`
  }, [t])

  return (
    <main className="mx-auto flex min-h-screen max-w-md flex-col justify-center gap-4 p-4">
      <header className="text-center">
        <div className="text-[0.9rem] font-semibold tracking-wider text-accent-ink">ROUTING-ML</div>
        <h1 className="text-[1.6rem]">Routing ML</h1>
        <p className="text-muted">{t('about')}</p>
      </header>
      {mode === 'pending' ? (
        <Card title={t('pendingTitle')}>
          <p role="status" className="mb-4 flex items-start gap-3">
            <Hourglass className="size-5 shrink-0 text-accent-ink" aria-hidden />
            {t('pendingText', { username: requested })}
          </p>
          <Button onClick={() => setMode('login')}>{t('login')}</Button>
        </Card>
      ) : (
        <Card title={t(mode)}>
          {mode === 'login' ? (
            <LoginForm />
          ) : (
            <RegisterForm
              onRequested={(username) => {
                setRequested(username)
                setMode('pending')
              }}
            />
          )}
          <Button
            variant="ghost"
            className="mt-3 w-full"
            onClick={() => setMode(mode === 'login' ? 'register' : 'login')}
          >
            {t(mode === 'login' ? 'toRegister' : 'toLogin')}
          </Button>
        </Card>
      )}
      <Button
        variant="ghost"
        icon={Languages}
        className="self-center"
        onClick={() => void switchLanguage(currentLanguage() === 'ko' ? 'en' : 'ko')}
      >
        {shellText('language')}
      </Button>
    </main>
  )
}
