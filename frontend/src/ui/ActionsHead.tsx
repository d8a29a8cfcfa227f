/** The head of a column of buttons: what they are needs no sight, screen readers are told. */
import { useCommonText } from '@/i18n/common'

export function ActionsHead() {
  const t = useCommonText()
  return (
    <th scope="col">
      <span className="sr-only">{t('actions')}</span>
    </th>
  )
}
