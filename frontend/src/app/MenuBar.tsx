/** The six menus as cards; the current one is raised. Hovering a menu loads its screen ahead. */
import clsx from 'clsx'
import { Link, useLocation } from 'wouter'
import { MENUS } from './menus'
import { useShellText } from './texts'

export function MenuBar() {
  const t = useShellText()
  const [location] = useLocation()
  return (
    <nav aria-label={t('menu')}>
      <ul className="grid grid-cols-3 gap-1.5 md:grid-cols-6">
        {MENUS.map(({ id, path, icon: Icon, load }) => {
          const current = location === path
          return (
            <li key={id} className="min-w-0">
              <Link
                href={path}
                aria-current={current ? 'page' : undefined}
                onPointerEnter={() => void load()}
                onFocus={() => void load()}
                className={clsx(
                  'flex h-full items-center gap-2.5 rounded-2xl border px-2.5 py-2 transition-colors xl:px-3',
                  current
                    ? 'border-accent-strong bg-accent-soft shadow-card'
                    : 'border-transparent hover:bg-accent-soft/60',
                )}
              >
                <span
                  className={clsx(
                    'grid size-8 shrink-0 place-items-center rounded-full',
                    current ? 'bg-accent/45 text-accent-ink' : 'bg-accent-soft text-accent-ink',
                  )}
                >
                  <Icon className="size-4" aria-hidden />
                </span>
                <span className="min-w-0">
                  <span className="block leading-tight font-semibold text-heading">{t(id)}</span>
                  <span className="mt-0.5 hidden text-[0.78rem] leading-snug text-muted xl:block">
                    {t(`${id}.about` as 'routing.about')}
                  </span>
                </span>
              </Link>
            </li>
          )
        })}
      </ul>
    </nav>
  )
}
