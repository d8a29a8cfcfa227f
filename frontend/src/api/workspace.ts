/** The person's own workspace document: layout and preferences that follow them to every machine. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { call } from './client'
import { queryClient } from './queryClient'
import type { WorkspacePayload, WorkspaceSettings } from './types'

const KEY = ['workspace'] as const
type Section = 'layout' | 'routing' | 'algorithm' | 'options' | 'access' | 'metadata'
type Values = Record<string, unknown>

export function useWorkspace() {
  return useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => call('get', '/api/settings/workspace', undefined, { signal }),
  })
}

export function sectionOf(workspace: WorkspaceSettings | undefined, section: Section): Values {
  return (workspace?.[section] ?? {}) as Values
}

/** Merges values into one section; shown at once, taken back when storing fails. */
export function useWorkspaceChange() {
  return useMutation({
    mutationFn: async ({ section, values }: { section: Section; values: Values }) => {
      const current = await queryClient.ensureQueryData<WorkspaceSettings>({
        queryKey: KEY,
        queryFn: () => call('get', '/api/settings/workspace'),
      })
      const { updated_at: _time, user: _user, ...payload } = current
      const next = {
        ...payload,
        version: payload.version ?? 1,
        [section]: { ...sectionOf(current, section), ...values },
      }
      return call('put', '/api/settings/workspace', next as WorkspacePayload)
    },
    onMutate: ({ section, values }) => {
      const before = queryClient.getQueryData<WorkspaceSettings>(KEY)
      if (before)
        queryClient.setQueryData(KEY, { ...before, [section]: { ...sectionOf(before, section), ...values } })
      return before
    },
    onError: (_error, _change, before) => queryClient.setQueryData(KEY, before),
    onSuccess: (workspace) => queryClient.setQueryData(KEY, workspace),
  })
}
