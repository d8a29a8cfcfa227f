/** Figures of the running system: processes, latency, caches, snapshot; live by server-sent events. */
import type { Notice } from '@/i18n/notices'
import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { request } from './client'
import { useConnection } from './connection'
import { queryClient } from './queryClient'

export interface LatencyFigures {
  requests: number
  error_rate: number
  refused: number
  mean_ms: number
  p50_ms: number
  p95_ms: number
  p99_ms: number
}

export interface HistoryPoint extends LatencyFigures {
  /** Seconds since 1970. */
  at: number
}

export interface Snapshot {
  tag: string | null
  source: string
  read_at: string | null
  age_seconds: number
  items: number
  routing_rows: number
  work_result_rows: number
  items_with_routing: number
  bytes: number
  last_error: string | null
  last_attempt_at: string | null
  findings: string[]
  finding_notices?: (Notice | null)[]
  reading?: string | null
  reading_share?: number | null
}

export interface TableCache {
  version: string
  stats: { hits: number; misses: number; requests: number; hit_rate: number }
  last_fetch: string | null
}

export interface Dashboard {
  model_version: string | null
  latency: LatencyFigures
  history: HistoryPoint[]
  search_cache: {
    entries?: number
    capacity?: number
    hits?: number
    misses?: number
    hit_rate?: number
  } & Record<string, unknown>
  tables: Record<string, TableCache>
  snapshot: Snapshot | null
}

export interface ProcessFacts {
  process: string
  instance: string
  ok?: boolean
  status?: string
  detail?: string | null
  software_version?: string
  pid?: number
  started_at?: string | number | null
  resident_bytes?: number
  model_version?: string | null
  control_revision?: number
}

export interface Subscriber {
  process: string
  instance: string
  confirmed_revision: number
  lag_ms: number
  model_version: string | null
  since: string | number | null
  pid: number
  last_problem: string | null
}

export interface SystemStatus {
  status: string
  detail: string | null
  revision: number
  processes: ProcessFacts[]
  subscribers: Subscriber[]
  checks: Record<string, unknown>
}

const DASHBOARD = ['dashboard'] as const
const STATUS = ['system-status'] as const

export function useDashboard() {
  return useQuery({
    queryKey: DASHBOARD,
    refetchInterval: 15_000,
    queryFn: ({ signal }) => request<Dashboard>('get', '/api/system/dashboard', { signal }),
  })
}

export function useSystemStatus() {
  return useQuery({
    queryKey: STATUS,
    refetchInterval: 10_000,
    queryFn: ({ signal }) => request<SystemStatus>('get', '/api/system/status', { signal }),
  })
}

/** Asked every minute, or every other second where something waits for the source to be read. */
export function useSnapshot(waiting = false) {
  return useQuery<Snapshot>({
    queryKey: ['snapshot'],
    refetchInterval: (query) => (waiting || query.state.data?.reading ? 2000 : 60_000),
    queryFn: ({ signal }) => request<Snapshot>('get', '/api/master-data/snapshot', { signal }),
  })
}

/** Puts each event of the stream into the dashboard's data while a screen shows it. */
export function useDashboardStream() {
  const online = useConnection((connection) => connection.online)
  useEffect(() => {
    if (!online) return undefined
    const source = new EventSource('/api/system/events')
    source.onmessage = (event: MessageEvent<string>) => {
      const news = JSON.parse(event.data) as Partial<Dashboard>
      queryClient.setQueryData<Dashboard>(DASHBOARD, (before) => (before ? merged(before, news) : before))
    }
    return () => source.close()
  }, [online])
}

/** The newest bins replace those of the same time. */
export function merged(before: Dashboard, news: Partial<Dashboard>): Dashboard {
  if (!news.history) return { ...before, ...news }
  const bins = new Map(before.history.map((point) => [point.at, point]))
  for (const point of news.history) bins.set(point.at, point)
  return {
    ...before,
    ...news,
    history: [...bins.values()].sort((first, second) => first.at - second.at).slice(-720),
  }
}
