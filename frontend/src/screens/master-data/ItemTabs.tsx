/** The open items. */
import clsx from 'clsx'
import { Star, X } from 'lucide-react'
import { Card } from '@/ui/Card'
import { IconButton } from '@/ui/Button'
import { useMaster } from './masterStore'
import { useMasterText } from './texts'
import { useFavourites } from './useFavourites'

export function ItemTabs() {
  const t = useMasterText()
  const { tabs, active, activate, close } = useMaster()
  const { favourites, toggle, ready } = useFavourites()
  if (tabs.length === 0) return null
  return (
    <Card>
      <ul aria-label={t('openItems')} className="flex max-h-36 flex-wrap gap-2 overflow-y-auto p-0.5">
        {tabs.map((code) => {
          const starred = favourites.includes(code)
          return (
            <li
              key={code}
              className={clsx(
                'inline-flex items-center rounded-full border',
                code === active ? 'border-accent-strong bg-accent-soft' : 'border-line-strong bg-field',
              )}
            >
              <IconButton
                icon={Star}
                label={t(starred ? 'removeFavourite' : 'addFavourite', { code })}
                aria-pressed={starred}
                disabled={!ready}
                className={clsx('ml-0.5', starred && 'text-warn [&>svg]:fill-current')}
                onClick={() => toggle(code)}
              />
              <button
                type="button"
                aria-pressed={code === active}
                className="rounded-full py-1 font-semibold text-heading"
                onClick={() => activate(code)}
              >
                {code}
              </button>
              <IconButton icon={X} label={t('closeTab', { code })} onClick={() => close(code)} />
            </li>
          )
        })}
      </ul>
    </Card>
  )
}
