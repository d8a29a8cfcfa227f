/** The ERP interface: what is handed over, how far it is, and the queue. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { request } from './client'
import { queryClient } from './queryClient'
import type { components } from './schema'

export type ErpMessage = components['schemas']['ErpMessageModel']
export type ErpStatus = components['schemas']['ErpStatusModel']

const STATUS = ['erp-status'] as const
const MESSAGES = ['erp-messages'] as const

export function isWaiting(message: ErpMessage): boolean {
  return message.state === 'pending' || message.state === 'sending'
}

const groupPath = (id: string) => `/api/routing/groups/${encodeURIComponent(id)}/erp`

/** Queues a group for the ERP; the answer stands among its hand-overs at once, also before a list asked for earlier arrives. */
export async function handOver(groupId: string): Promise<ErpMessage> {
  const message = await request<ErpMessage>('post', groupPath(groupId))
  const queryKey = ['hand-overs', groupId]
  await queryClient.cancelQueries({ queryKey })
  queryClient.setQueryData<ErpMessage[]>(queryKey, (known = []) => [message, ...known])
  void queryClient.invalidateQueries({ queryKey })
  return message
}

/** Hand-overs of a group, newest first; asked again while one is under way. */
export function useHandOvers(groupId: string | null) {
  return useQuery<ErpMessage[]>({
    queryKey: ['hand-overs', groupId],
    enabled: groupId !== null,
    refetchInterval: (query) => (query.state.data?.some(isWaiting) ? 1500 : false),
    queryFn: async ({ signal }) =>
      (await request<{ items: ErpMessage[] }>('get', groupPath(groupId ?? ''), { signal })).items,
  })
}

export function useErpStatus() {
  return useQuery({
    queryKey: STATUS,
    refetchInterval: 15_000,
    queryFn: ({ signal }) => request<ErpStatus>('get', '/api/erp/status', { signal }),
  })
}

export function useErpMessages(limit = 20) {
  return useQuery({
    queryKey: [...MESSAGES, limit],
    refetchInterval: 15_000,
    queryFn: async ({ signal }) =>
      (await request<{ items: ErpMessage[] }>('get', '/api/erp/messages', { query: { limit }, signal }))
        .items,
  })
}

/** Tries a message again, or gives it up. */
export function useErpAction() {
  return useMutation({
    mutationFn: ({ id, action }: { id: string; action: 'retry' | 'cancel' }) =>
      request<ErpMessage>('post', `/api/erp/messages/${encodeURIComponent(id)}/${action}`),
    onSettled: () => {
      void queryClient.invalidateQueries({ queryKey: STATUS })
      void queryClient.invalidateQueries({ queryKey: MESSAGES })
      void queryClient.invalidateQueries({ queryKey: ['notices'] })
    },
  })
}
