/** Why a panel has no active version to tell about: there is none, it is still asked for, or it could not be asked for. */
import { useVersions } from '@/api/training'
import { Empty, QueryPanel } from '@/ui/PanelState'
import { useTrainingText } from './texts'

export function NoActive() {
  const t = useTrainingText()
  return <QueryPanel query={useVersions()}>{() => <Empty title={t('noActive')} />}</QueryPanel>
}
