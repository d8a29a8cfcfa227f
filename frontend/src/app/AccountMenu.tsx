/** Language, administration and the person's own account, at the right end of the top bar. */
import { ChevronDown, KeyRound, Languages, LogOut, ShieldCheck, UserRound } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { useState, type ReactNode } from 'react'
import { useLocation } from 'wouter'
import { currentLanguage, switchLanguage } from '@/i18n'
import { confirmLeaving } from '@/session/leaving'
import { PasswordDialog } from '@/session/PasswordDialog'
import { logOut, useSession } from '@/session/session'
import { ADMIN_MENUS } from './menus'
import { useNotices } from './useNotices'
import { useShellText } from './texts'

const TRIGGER =
  'inline-flex items-center gap-1.5 rounded-full border border-line-strong bg-field px-3 py-1.5 text-[0.88rem] text-heading hover:bg-accent-soft'
const CONTENT = 'card z-50 min-w-52 bg-[oklch(0.97_0.015_228)] p-1.5'

function MenuItem({ onSelect, children }: { onSelect: () => void; children: ReactNode }) {
  return (
    <DropdownMenu.Item
      onSelect={onSelect}
      className="flex cursor-pointer items-center gap-2 rounded-xl px-3 py-2 outline-none data-highlighted:bg-accent-soft"
    >
      {children}
    </DropdownMenu.Item>
  )
}

/** How many things wait; nothing where none do. */
function Count({ count }: { count: number }) {
  const t = useShellText()
  if (count === 0) return null
  return (
    <span className="rounded-full bg-bad px-1.5 text-[0.75rem] font-bold text-white tabular-nums">
      {count}
      <span className="sr-only"> {t('waiting')}</span>
    </span>
  )
}

export function AccountMenu() {
  const t = useShellText()
  const user = useSession((session) => session.user)
  const [, navigate] = useLocation()
  const [changing, setChanging] = useState(false)
  const notices = useNotices()

  const leave = async () => {
    if (!(await confirmLeaving())) return
    await logOut()
    // A new page, so that nothing of this person stays in memory.
    window.location.assign('/')
  }

  return (
    <div className="flex flex-wrap items-center gap-2">
      <button
        type="button"
        className={TRIGGER}
        onClick={() => void switchLanguage(currentLanguage() === 'ko' ? 'en' : 'ko')}
      >
        <Languages className="size-4" aria-hidden />
        {t('language')}
      </button>
      {user?.is_admin && (
        <DropdownMenu.Root modal={false}>
          <DropdownMenu.Trigger className={TRIGGER}>
            <ShieldCheck className="size-4" aria-hidden />
            {t('admin')}
            <Count count={Object.values(notices).reduce((sum, count) => sum + count, 0)} />
            <ChevronDown className="size-3.5" aria-hidden />
          </DropdownMenu.Trigger>
          <DropdownMenu.Portal>
            <DropdownMenu.Content className={CONTENT} align="end" sideOffset={6}>
              {ADMIN_MENUS.map(({ id, path, icon: Icon }) => (
                <MenuItem key={id} onSelect={() => navigate(path)}>
                  <Icon className="size-4 text-accent-ink" aria-hidden />
                  <span>
                    <span className="flex items-center gap-1.5 font-medium text-heading">
                      {t(id)}
                      <Count count={notices[id] ?? 0} />
                    </span>
                    <span className="block text-[0.8rem] text-muted">
                      {t(`${id}.about` as 'models.about')}
                    </span>
                  </span>
                </MenuItem>
              ))}
            </DropdownMenu.Content>
          </DropdownMenu.Portal>
        </DropdownMenu.Root>
      )}
      <DropdownMenu.Root modal={false}>
        <DropdownMenu.Trigger className={TRIGGER} aria-label={`${t('account')}: ${user?.username ?? ''}`}>
          <UserRound className="size-4" aria-hidden />
          <span className="max-w-40 truncate">{user?.display_name ?? user?.username}</span>
          <ChevronDown className="size-3.5" aria-hidden />
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content className={CONTENT} align="end" sideOffset={6}>
            <div className="px-3 py-2 text-[0.86rem] text-muted">{user?.username}</div>
            <MenuItem onSelect={() => setChanging(true)}>
              <KeyRound className="size-4 text-accent-ink" aria-hidden />
              {t('password')}
            </MenuItem>
            <MenuItem onSelect={() => void leave()}>
              <LogOut className="size-4 text-accent-ink" aria-hidden />
              {t('logout')}
            </MenuItem>
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
      <PasswordDialog open={changing} onClose={() => setChanging(false)} />
    </div>
  )
}
