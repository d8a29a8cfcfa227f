/** The blueprint of the pipeline: node types, checks, the generated wrapper, and revisions of the settings document. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { request } from './client'
import { queryClient } from './queryClient'
import type { GraphEdge, GraphNode } from './types'
import { WORKFLOW_KEY, type PlantSettings } from './workflow'

export interface Port {
  name: string
  type: string
  required?: boolean
}

export interface OptionSchema {
  type: 'number' | 'integer' | 'boolean' | 'string' | 'array' | 'object'
  title?: string
  'x-title-ko'?: string
  description?: string
  'x-description-ko'?: string
  default?: unknown
  minimum?: number
  maximum?: number
  multipleOf?: number
  maxLength?: number
  format?: string
  enum?: string[]
  /** Section and name of the setting whose value counts where the node gives none. */
  'x-setting'?: [section: string, name: string]
  items?: { type?: string; enum?: string[] }
  properties?: Record<string, { type: string; minimum?: number; maximum?: number }>
}

export interface NodeType {
  type: string
  category: string
  label_ko: string
  label_en: string
  help_ko: string
  help_en: string
  options_schema: { properties?: Record<string, OptionSchema>; required?: string[] }
  inputs: Port[]
  outputs: Port[]
  required: boolean
  max_count: number
}

export interface Graph {
  nodes: GraphNode[]
  edges: GraphEdge[]
}

export interface GraphProblem {
  node_id: string
  edge_id: string
  reason: string
  message: string
  /** What the message names: option, node_type, port. */
  facts: Partial<Record<'option' | 'node_type' | 'port', string>>
}

export interface GraphCheck {
  ok: boolean
  problems: GraphProblem[]
  wrapper_source: string | null
}

export interface SettingsRevision {
  revision: number
  at: string
  author: string
  comment: string | null
  changes: { path: string; before: unknown; after: unknown }[]
}

export function useNodeTypes() {
  return useQuery({
    queryKey: ['node-types'],
    staleTime: Infinity,
    queryFn: ({ signal }) =>
      request<{ types: NodeType[]; default_graph: Graph }>('get', '/api/blueprint/node-types', { signal }),
  })
}

export function checkGraph(graph: Graph, signal?: AbortSignal): Promise<GraphCheck> {
  return request('post', '/api/blueprint/check', { body: graph, signal })
}

export function useWrapper(revision: number | null) {
  return useQuery({
    queryKey: ['wrapper', revision],
    enabled: revision !== null,
    queryFn: ({ signal }) =>
      request<{ revision: number; path: string; source: string; revisions: number[] }>(
        'get',
        '/api/blueprint/wrapper',
        {
          query: { revision: revision || undefined },
          signal,
        },
      ),
  })
}

export function useSettingsRevisions() {
  return useQuery({
    queryKey: ['settings-revisions'],
    queryFn: async ({ signal }) =>
      (await request<{ items: SettingsRevision[] }>('get', '/api/workflow/revisions', { signal })).items,
  })
}

export function useRevert() {
  return useMutation({
    mutationFn: (revision: number) =>
      request<PlantSettings>('post', '/api/workflow/revert', { body: { revision } }),
    onSuccess: (config) => {
      queryClient.setQueryData(WORKFLOW_KEY, config)
      void queryClient.invalidateQueries({ queryKey: ['settings-revisions'] })
    },
  })
}
