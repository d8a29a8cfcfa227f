/** Why a panel has no active version to tell about: there is none, it is still asked for, or it could not be asked for. */
import { Link } from 'wouter'
import { useIsAdmin } from '@/session/session'
import { useVersions } from '@/api/training'
import { Empty, QueryPanel } from '@/ui/PanelState'
import { useTrainingText } from './texts'

export function NoActive() {
  const t = useTrainingText()
  const isAdmin = useIsAdmin()
  const guide = isAdmin && (
    <Link href="/start/own" className="text-accent-ink underline underline-offset-2">
      {t('guide')}
    </Link>
  )
  return <QueryPanel query={useVersions()}>{() => <Empty title={t('noActive')} action={guide} />}</QueryPanel>
}
