/** The settings document of the plant: graph, trainer, predictor, SQL, data source, export, visualisation, search. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { call, request } from './client'
import { queryClient } from './queryClient'
import type { WorkflowConfig } from './types'

/** Sections beside those of the contract. */
export interface PlantSettings extends WorkflowConfig {
  revision?: number
  search?: { ef_search: number | null; cache_entries: number }
  prediction?: { strategy: 'nearest' | 'consensus' }
  training?: Record<string, unknown>
  access?: { allowed_folders: string[]; allowed_servers: string[] }
  confirmed_by?: string[]
  unconfirmed?: string[]
}

export const WORKFLOW_KEY = ['workflow'] as const

/** Asks for the sections and the revision that older clients do not know, too. */
const WHOLE = { sections: 'all' }

export function useWorkflow() {
  return useQuery({
    queryKey: WORKFLOW_KEY,
    queryFn: async ({ signal }) =>
      (await call('get', '/api/workflow/graph', undefined, { query: WHOLE, signal })) as PlantSettings,
  })
}

interface Patch {
  patch: Record<string, unknown>
  /** Guards against another editor (409). */
  revision?: number
}

/** Changes sections; the answer is live in every process. */
export function patchWorkflow({ patch, revision }: Patch) {
  return request<PlantSettings>('patch', '/api/workflow/graph', {
    query: WHOLE,
    body: patch,
    headers: revision === undefined ? undefined : { 'If-Match': `"${revision}"` },
  })
}

export function useWorkflowPatch() {
  return useMutation({
    mutationFn: patchWorkflow,
    onSuccess: (config) => {
      queryClient.setQueryData(WORKFLOW_KEY, config)
      void queryClient.invalidateQueries({ queryKey: ['settings-revisions'] })
    },
  })
}
