/** The six menus of the planners and the screens of the administrators, each loaded when it is first opened. */
import {
  Activity,
  ChartColumn,
  Database,
  FileOutput,
  Layers,
  Rocket,
  Route as RouteIcon,
  Settings,
  Sprout,
  UsersRound,
  Waypoints,
  type LucideIcon,
} from 'lucide-react'
import { lazy, type ComponentType } from 'react'
import { requestsUnderWay } from '@/api/client'
import { loadCharts } from '@/ui/loadCharts'
import { fetchPart } from '@/ui/scripts'

export type ScreenId =
  | 'master-data'
  | 'routing'
  | 'algorithm'
  | 'data-output'
  | 'training-status'
  | 'options'
  | 'start'
  | 'accounts'
  | 'models'
  | 'operations'
  | 'first-start'
  | 'projector'

export interface Screen {
  id: ScreenId
  path: string
  icon: LucideIcon
  load: () => Promise<{ default: ComponentType }>
  /** Waits for its script until that has been loaded; then the screen itself, which shows at once. */
  component: ComponentType
  admin?: boolean
}

function screen(id: ScreenId, path: string, icon: LucideIcon, load: Screen['load'], admin = false): Screen {
  const found: Screen = {
    id,
    path,
    icon,
    admin,
    component: lazy(() => fetchPart(load)),
    load: async () => {
      const module = await fetchPart(load)
      found.component = module.default
      return module
    },
  }
  return found
}

const ROUTING = screen('routing', '/routing', Waypoints, () => import('@/screens/routing/RoutingScreen'))

export const MENUS: readonly Screen[] = [
  screen('master-data', '/master-data', Database, () => import('@/screens/master-data/MasterDataScreen')),
  ROUTING,
  screen('algorithm', '/algorithm', RouteIcon, () => import('@/screens/algorithm/AlgorithmScreen')),
  screen('data-output', '/data-output', FileOutput, () => import('@/screens/data-output/DataOutputScreen')),
  screen(
    'training-status',
    '/training-status',
    ChartColumn,
    () => import('@/screens/training-status/TrainingStatusScreen'),
  ),
  screen('options', '/options', Settings, () => import('@/screens/options/OptionsScreen')),
]

const START = screen('start', '/start', Rocket, () => import('@/screens/start/StartScreen'), true)

export const ADMIN_MENUS: readonly Screen[] = [
  START,
  screen(
    'accounts',
    '/admin/accounts',
    UsersRound,
    () => import('@/screens/admin-accounts/AccountsScreen'),
    true,
  ),
  screen('models', '/admin/models', Layers, () => import('@/screens/admin-models/ModelsScreen'), true),
  screen(
    'operations',
    '/admin/operations',
    Activity,
    () => import('@/screens/operations/OperationsScreen'),
    true,
  ),
]

const FIRST_START = screen(
  'first-start',
  '/start/own',
  Sprout,
  () => import('@/screens/first-start/FirstStartScreen'),
  true,
)

export const PROJECTOR = screen(
  'projector',
  '/projector',
  ChartColumn,
  () => import('@/screens/projector/ProjectorScreen'),
)

/** How long after the first screen the others are fetched, in milliseconds: it has asked for its own data by then. */
const SETTLED = 2000
const IDLE = 500

/** Fetches the screens of the menus one after the other while the page is idle and nothing that was asked for is under way. Returns how to stop. */
export function fetchMenusWhenIdle(): () => void {
  let stopped = false
  const idle = (go: () => void) => {
    if ('requestIdleCallback' in window) window.requestIdleCallback(go, { timeout: IDLE })
    else setTimeout(go, IDLE)
  }
  const fetchFrom = (index: number) => {
    const load = [...MENUS.map((menu) => menu.load), loadCharts][index]
    if (stopped || !load) return
    if (requestsUnderWay() > 0) {
      setTimeout(() => idle(() => fetchFrom(index)), IDLE)
      return
    }
    // A screen that cannot be fetched now is fetched when it is opened.
    load()
      .catch(() => undefined)
      .finally(() => idle(() => fetchFrom(index + 1)))
  }
  const timer = setTimeout(() => idle(() => fetchFrom(0)), SETTLED)
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}

export const SCREENS: readonly Screen[] = [...MENUS, ...ADMIN_MENUS, FIRST_START, PROJECTOR]

/** Fetches the screen of an address, so that it comes while the session is asked for. */
export function fetchScreenAt(path: string) {
  const wanted = SCREENS.find((one) => one.path === path) ?? (path === '/' ? ROUTING : undefined)
  wanted?.load().catch(() => undefined)
}
