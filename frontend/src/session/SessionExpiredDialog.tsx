/** Over the page when a session ends in the middle of work: log in again and everything goes on. */
import { Button } from '@/ui/Button'
import { Dialog } from '@/ui/Dialog'
import { confirmLeaving } from './leaving'
import { LoginForm } from './LoginForm'
import { useSession } from './session'
import { useSessionText } from './texts'

export function SessionExpiredDialog() {
  const { state, user } = useSession()
  const t = useSessionText()
  const startOver = async () => {
    if (await confirmLeaving()) window.location.assign('/')
  }
  return (
    <Dialog
      open={state === 'expired'}
      title={t('expiredTitle')}
      description={t('expiredText')}
      footer={
        <Button variant="ghost" onClick={() => void startOver()}>
          {t('otherAccount')}
        </Button>
      }
    >
      <LoginForm key={user?.username} fixedUsername={user?.username ?? ''} />
    </Dialog>
  )
}
