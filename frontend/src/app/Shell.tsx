/** Menus, page header and the current screen. */
import { useIsFetching } from '@tanstack/react-query'
import { RefreshCw } from 'lucide-react'
import { Suspense, useEffect, useState } from 'react'
import { Redirect, Route, Switch, useLocation } from 'wouter'
import { request } from '@/api/client'
import { usePlant } from '@/api/plant'
import { OWN, usePlantChoices } from '@/api/plantChoices'
import { queryClient } from '@/api/queryClient'
import { useIsAdmin } from '@/session/session'
import { Button } from '@/ui/Button'
import { Empty, Loading } from '@/ui/PanelState'
import { useCommonText } from '@/i18n/common'
import { AccountMenu } from './AccountMenu'
import { CrashGuard } from './CrashGuard'
import { MenuBar } from './MenuBar'
import { fetchMenusWhenIdle, SCREENS, type Screen } from './menus'
import { startWasSeen } from './startSeen'
import { useShellText } from './texts'

function PageHeader({ screen }: { screen: Screen }) {
  const t = useShellText()
  const common = useCommonText()
  const fetching = useIsFetching() > 0
  return (
    <div className="border-b border-line bg-[oklch(0.97_0.015_222/0.7)]">
      <div className="mx-auto flex max-w-[2480px] flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 py-1.5 xl:px-6">
        <div className="flex min-w-0 flex-wrap items-baseline gap-x-3">
          <span className="text-[0.8rem] font-semibold tracking-wider text-accent-ink">ROUTING-ML</span>
          <h1 className="text-[1.35rem]">{t(screen.id)}</h1>
          <p className="text-[0.9rem] text-muted">{t(`${screen.id}.about` as 'routing.about')}</p>
        </div>
        <Button
          variant="primary"
          size="sm"
          icon={RefreshCw}
          busy={fetching}
          onClick={() => void queryClient.invalidateQueries()}
        >
          {common('refresh')}
        </Button>
      </div>
    </div>
  )
}

function ScreenView({ screen }: { screen: Screen }) {
  const t = useShellText()
  const isAdmin = useIsAdmin()
  const plant = usePlant()
  // Chosen once: the script may come while the screen is shown.
  const [Component] = useState(() => screen.component)
  const name = t(screen.id)

  useEffect(() => {
    document.title = `${name} · Routing ML`
  }, [name])
  useEffect(() => {
    request('post', '/api/audit/ui', {
      body: { action: 'ui.menu', payload: { menu: screen.id } },
      anonymous: true,
    }).catch(() => undefined)
  }, [screen.id])

  return (
    <main id="content" tabIndex={-1} className="outline-none">
      <PageHeader screen={screen} />
      <div className="mx-auto max-w-[2480px] px-4 py-4 xl:px-6">
        {screen.admin && !isAdmin ? (
          <Empty title={t('forbidden')} hint={t('forbiddenHint')} />
        ) : plant.isPending ? (
          <Loading rows={6} />
        ) : (
          <CrashGuard place={screen.id}>
            <Suspense fallback={<Loading rows={6} />}>
              <Component />
            </Suspense>
          </CrashGuard>
        )}
      </div>
    </main>
  )
}

/** The page to get started with, once in a browser, for administrators of a system that does not serve a plant of its own; else routings. */
function FirstPage() {
  const isAdmin = useIsAdmin()
  const [seen] = useState(() => !isAdmin || startWasSeen())
  const choices = usePlantChoices(!seen)
  if (!seen && choices.isPending) return <Loading rows={6} />
  const own = choices.data?.items.some((one) => one.name === OWN) ?? true
  return <Redirect to={own ? '/routing' : '/start'} replace />
}

export function Shell() {
  const t = useShellText()
  const [location] = useLocation()
  useEffect(fetchMenusWhenIdle, [])
  return (
    <>
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:m-2 focus:rounded-full focus:bg-fill focus:px-4 focus:py-2 focus:text-white"
      >
        {t('skip')}
      </a>
      <header className="border-b border-line bg-[oklch(0.98_0.012_222/0.75)]">
        <div className="mx-auto max-w-[2480px] px-4 py-1.5 xl:px-6">
          <div className="mb-1 flex items-center justify-between gap-3">
            <span className="text-[0.82rem] text-muted">{t('menu')}</span>
            <AccountMenu />
          </div>
          <MenuBar />
        </div>
      </header>
      <Switch key={location.split('/')[1]}>
        <Route path="/">
          <FirstPage />
        </Route>
        {SCREENS.map((screen) => (
          <Route key={screen.id} path={screen.path}>
            <ScreenView screen={screen} />
          </Route>
        ))}
        <Route>
          <main id="content" className="mx-auto max-w-xl p-8">
            <Empty title={t('notFound')} hint={t('notFoundHint')} />
          </main>
        </Route>
      </Switch>
    </>
  )
}
