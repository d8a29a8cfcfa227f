/** Training: status, start, and the versions that it made. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { call, request } from './client'
import { queryClient } from './queryClient'
import type { components } from './schema'
import type { ModelVersion, TrainingStatus } from './types'

type Schemas = components['schemas']

export interface TrainingState extends TrainingStatus {
  stage?: string | null
  remaining_seconds?: number | null
  requested_by?: string | null
}

export interface VersionDetail extends ModelVersion {
  manifest_sha256?: string | null
  bytes?: number
  manifest?: Record<string, unknown> | null
}

export const TRAINING_STATUS = ['training-status'] as const
const VERSIONS = ['versions'] as const

export function refreshVersions() {
  for (const key of [
    'versions',
    'version-history',
    'model-features',
    'search-settings',
    'version-detail',
    'quality-trend',
  ]) {
    void queryClient.invalidateQueries({ queryKey: [key] })
  }
}

/** Asked every second while a training runs, else every half minute. */
export function useTrainingStatus() {
  const status = useQuery({
    queryKey: TRAINING_STATUS,
    queryFn: async ({ signal }) =>
      (await call('get', '/api/trainer/status', undefined, {
        query: { details: true },
        signal,
      })) as TrainingState,
    refetchInterval: (query) => (query.state.data?.status === 'running' ? 1000 : 30_000),
  })
  const before = useRef<string | undefined>(undefined)
  useEffect(() => {
    if (before.current === 'running' && status.data?.status !== 'running') refreshVersions()
    before.current = status.data?.status
  }, [status.data?.status])
  return status
}

export interface TrainingOptions {
  version_label?: string
  dry_run: boolean
  activate: boolean
}

export function startTraining(body: TrainingOptions) {
  return request<TrainingState>('post', '/api/trainer/run', { body })
}

export function useStartTraining() {
  return useMutation({
    mutationFn: startTraining,
    onSuccess: (status) => queryClient.setQueryData(TRAINING_STATUS, status),
  })
}

export function useCancelTraining() {
  return useMutation({
    mutationFn: () => request<TrainingState>('post', '/api/trainer/cancel'),
    onSuccess: (status) => queryClient.setQueryData(TRAINING_STATUS, status),
  })
}

export function useVersions(limit = 100) {
  return useQuery({
    queryKey: [...VERSIONS, limit],
    queryFn: async ({ signal }) =>
      (await call('get', '/api/trainer/versions', undefined, { query: { limit }, signal })) as ModelVersion[],
  })
}

const versionPath = (name: string) => `/api/trainer/versions/${encodeURIComponent(name)}`

export function useVersionDetail(name: string | null) {
  return useQuery({
    queryKey: ['version-detail', name],
    enabled: name !== null,
    queryFn: ({ signal }) => request<VersionDetail>('get', versionPath(name ?? ''), { signal }),
  })
}

export interface Activation extends ModelVersion {
  revision?: number
  confirmed_by?: string[]
  away?: string[]
}

export function useActivateVersion() {
  return useMutation({
    mutationFn: ({ name, reason }: { name: string; reason: string }) =>
      request<Activation>('post', `${versionPath(name)}/activate`, { body: { reason } }),
    onSuccess: refreshVersions,
  })
}

export function useRollback() {
  return useMutation({
    mutationFn: ({ steps, reason }: { steps: number; reason: string }) =>
      request<Activation>('post', '/api/trainer/rollback', { body: { steps, reason } }),
    onSuccess: refreshVersions,
  })
}

export function useRetireVersion() {
  return useMutation({
    mutationFn: ({ name, reason }: { name: string; reason: string }) =>
      request<ModelVersion>('post', `${versionPath(name)}/retire`, { body: { reason } }),
    onSuccess: refreshVersions,
  })
}

export type Verification = Schemas['VerificationModel']

export function useVerifyVersion() {
  return useMutation({
    mutationFn: (name: string) => request<Verification>('post', `${versionPath(name)}/verify`),
  })
}

export type HistoryEntry = Schemas['HistoryEntryModel']

export function useVersionHistory(limit = 100) {
  return useQuery({
    queryKey: ['version-history', limit],
    queryFn: async ({ signal }) =>
      (await request<{ items: HistoryEntry[] }>('get', '/api/trainer/history', { query: { limit }, signal }))
        .items,
  })
}
