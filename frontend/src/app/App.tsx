/** Decides between the login pages and the screens. */
import { useEffect, useState } from 'react'
import { isOffline } from '@/api/errors'
import { onRecovered } from '@/api/connection'
import { SessionExpiredDialog } from '@/session/SessionExpiredDialog'
import { EntryPage } from '@/session/EntryPage'
import { resumeSession, useSession } from '@/session/session'
import { Failed } from '@/ui/PanelState'
import { QuestionDialog } from '@/ui/confirm'
import { Toasts } from '@/ui/toasts'
import { CrashGuard } from './CrashGuard'
import { OfflineBanner } from './OfflineBanner'
import { Shell } from './Shell'

function Content() {
  const state = useSession((session) => session.state)
  const [error, setError] = useState<unknown>(null)

  useEffect(() => {
    if (state !== 'unknown') return undefined
    const start = () => {
      setError(null)
      resumeSession().catch(setError)
    }
    start()
    return onRecovered(start)
  }, [state])

  if (state === 'unknown') {
    if (!error) return null
    return (
      <main className="mx-auto max-w-xl p-8">
        <Failed
          error={error}
          onRetry={isOffline(error) ? undefined : () => void resumeSession().catch(setError)}
        />
      </main>
    )
  }
  return state === 'anonymous' ? <EntryPage /> : <Shell />
}

export function App() {
  return (
    <>
      <OfflineBanner />
      <CrashGuard>
        <Content />
      </CrashGuard>
      <SessionExpiredDialog />
      <QuestionDialog />
      <Toasts />
    </>
  )
}
