/** The six menus of the planners and the screens of the administrators, each loaded when it is first opened. */
import {
  Activity,
  ChartColumn,
  Database,
  FileOutput,
  Layers,
  Route as RouteIcon,
  Settings,
  UsersRound,
  Waypoints,
  type LucideIcon,
} from 'lucide-react'
import { lazy, type ComponentType } from 'react'

export type ScreenId =
  | 'master-data'
  | 'routing'
  | 'algorithm'
  | 'data-output'
  | 'training-status'
  | 'options'
  | 'accounts'
  | 'models'
  | 'operations'
  | 'projector'

export interface Screen {
  id: ScreenId
  path: string
  icon: LucideIcon
  load: () => Promise<{ default: ComponentType }>
  component: ComponentType
  admin?: boolean
}

function screen(id: ScreenId, path: string, icon: LucideIcon, load: Screen['load'], admin = false): Screen {
  return { id, path, icon, load, component: lazy(load), admin }
}

export const MENUS: readonly Screen[] = [
  screen('master-data', '/master-data', Database, () => import('@/screens/master-data/MasterDataScreen')),
  screen('routing', '/routing', Waypoints, () => import('@/screens/routing/RoutingScreen')),
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

export const ADMIN_MENUS: readonly Screen[] = [
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

export const PROJECTOR = screen(
  'projector',
  '/projector',
  ChartColumn,
  () => import('@/screens/projector/ProjectorScreen'),
)

export const SCREENS: readonly Screen[] = [...MENUS, ...ADMIN_MENUS, PROJECTOR]
