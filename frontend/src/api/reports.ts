/** Reports that a training leaves beside its model. */
import { useQuery } from '@tanstack/react-query'
import { request } from './client'
import { statusOf } from './errors'

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
  feature_recommendations: { recommendations: { feature: string; finding: string; recommendation: string }[] }
}

/** A report of a version; null where the version has none. */
export async function readReport<Name extends keyof Reports>(
  version: string,
  name: Name,
  signal?: AbortSignal,
): Promise<Reports[Name] | null> {
  try {
    return await request<Reports[Name]>(
      'get',
      `/api/trainer/versions/${encodeURIComponent(version)}/reports/${name}`,
      { signal },
    )
  } catch (error) {
    if (statusOf(error) === 404) return null
    throw error
  }
}

export function useReport<Name extends keyof Reports>(version: string | null, name: Name) {
  return useQuery({
    queryKey: ['report', version, name],
    enabled: version !== null,
    staleTime: Infinity,
    queryFn: ({ signal }) => readReport(version ?? '', name, signal),
  })
}
