/** The features of the active model: weights as trained, which take part, and the stored profiles. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { request } from './client'

export interface ModelFeatures {
  weights: Record<string, number>
  active_features: Record<string, boolean>
  profiles: string[]
}

/** Profiles come as a list of names or of objects, or as a mapping by name. */
export function profileNames(value: unknown): string[] {
  if (Array.isArray(value)) {
    return value
      .map((profile) =>
        typeof profile === 'string' ? profile : String((profile as { name?: unknown } | null)?.name ?? ''),
      )
      .filter(Boolean)
  }
  return value && typeof value === 'object' ? Object.keys(value) : []
}

export function featuresOf(value: unknown): ModelFeatures | null {
  if (!value || typeof value !== 'object') return null
  const facts = value as { weights?: unknown; active_features?: unknown; profiles?: unknown }
  if (!facts.weights || typeof facts.weights !== 'object') return null
  const active = Array.isArray(facts.active_features)
    ? Object.fromEntries(
        Object.keys(facts.weights).map((name) => [name, (facts.active_features as unknown[]).includes(name)]),
      )
    : ((facts.active_features ?? {}) as Record<string, boolean>)
  return {
    weights: facts.weights as Record<string, number>,
    active_features: active,
    profiles: profileNames(facts.profiles),
  }
}

const QUERY = queryOptions({
  queryKey: ['model-features'],
  staleTime: 5 * 60_000,
  retry: false,
  queryFn: async ({ signal }) =>
    featuresOf(await request<unknown>('get', '/api/models/active/features', { signal })),
})

export function useModelFeatures() {
  return useQuery(QUERY)
}
