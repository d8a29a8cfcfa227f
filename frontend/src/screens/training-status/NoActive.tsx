/** Why a panel has no active version to tell about: there is none, it is still asked for, or it could not be asked for. */
import { useIsAdmin } from '@/session/session'
import { useVersions } from '@/api/training'
import { Empty, QueryPanel } from '@/ui/PanelState'
import { TextLink } from '@/ui/TextLink'
import { useTrainingText } from './texts'

export function NoActive() {
  const t = useTrainingText()
  const isAdmin = useIsAdmin()
  const guide = isAdmin && <TextLink href="/start/own">{t('guide')}</TextLink>
  return <QueryPanel query={useVersions()}>{() => <Empty title={t('noActive')} action={guide} />}</QueryPanel>
}
