/** Reports that a training leaves beside its model. */
import type { Notice } from '@/i18n/notices'
import { useQuery } from '@tanstack/react-query'
import { request } from './client'
import { useVersionDetail } from './training'
import { factsOf } from './versionFacts'

interface KindOfTime {
  OPTIMAL: number | null
  STANDARD: number | null
  SAFE: number | null
  sigma: number | null
  samples: number
}

export interface TimeProfiles {
  strategy: string
  operations: Record<string, Partial<Record<'setup' | 'run' | 'queue' | 'wait' | 'move', KindOfTime>>>
}

export interface TrainingMetrics {
  items?: number
  rows_read?: number
  recall_at_50?: number
  search_latency_ms?: number
  default_ef_search?: number
  dimension?: number
  total_seconds?: number
  peak_memory_bytes?: number
  stages?: Record<string, number>
  [name: string]: unknown
}

interface Reports {
  time_profiles: TimeProfiles
  training_metrics: TrainingMetrics
  feature_importance: Record<string, number>
  feature_recommendations: {
    recommendations: (Notice & { feature: string; finding: string; recommendation: string })[]
  }
}

/** Whether the manifest of a version lists a report; one that is not listed is not asked for. */
function lists(artifacts: readonly { name: string; path: string }[], name: string): boolean {
  return artifacts.some((artifact) => artifact.name === name || artifact.path === `${name}.json`)
}

/** A report of a version; null where the version has none. */
export function useReport<Name extends keyof Reports>(version: string | null, name: Name) {
  const detail = useVersionDetail(version)
  const listed = detail.data ? lists(factsOf(detail.data.manifest).artifacts, name) : undefined
  const path = `/api/trainer/versions/${encodeURIComponent(version ?? '')}/reports/${name}`
  return useQuery({
    queryKey: ['report', version, name, listed],
    enabled: version !== null && (listed !== undefined || detail.isError),
    staleTime: Infinity,
    queryFn: async ({ signal }): Promise<Reports[Name] | null> => {
      if (detail.isError) throw detail.error
      return listed ? request<Reports[Name]>('get', path, { signal }) : null
    },
  })
}
