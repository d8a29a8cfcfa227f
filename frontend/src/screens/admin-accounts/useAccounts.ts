/** Accounts, as administrators see and change them. */
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query'
import { call, request } from '@/api/client'
import { describeError } from '@/api/errors'
import { queryClient } from '@/api/queryClient'
import { notify } from '@/ui/toasts'

export interface Account {
  username: string
  display_name: string | null
  status: 'pending' | 'approved' | 'rejected'
  is_admin: boolean
  disabled: boolean
  created_at: string | null
  last_login_at: string | null
  reason: string | null
}

export interface AccountFilter {
  status: '' | 'pending' | 'approved' | 'rejected' | 'disabled'
  search?: string
  limit?: number
  offset?: number
}

export function useAccounts(filter: AccountFilter) {
  return useQuery({
    queryKey: ['accounts', filter],
    placeholderData: keepPreviousData,
    refetchInterval: filter.status === 'pending' ? 30_000 : false,
    queryFn: ({ signal }) =>
      request<{ total: number; items: Account[] }>('get', '/api/auth/admin/accounts', {
        query: { ...filter },
        signal,
      }),
  })
}

export type AccountChange =
  | { kind: 'approve'; makeAdmin: boolean }
  | { kind: 'reject'; reason: string }
  | { kind: 'role'; isAdmin: boolean }
  | { kind: 'disable'; disabled: boolean }
  | { kind: 'password'; password: string }

function send(username: string, change: AccountChange): Promise<unknown> {
  const base = '/api/auth/admin'
  switch (change.kind) {
    case 'approve':
      return call('post', '/api/auth/admin/approve', { username, make_admin: change.makeAdmin })
    case 'reject':
      return call('post', '/api/auth/admin/reject', { username, reason: change.reason || undefined })
    case 'role':
      return request('post', `${base}/role`, { body: { username, is_admin: change.isAdmin } })
    case 'disable':
      return request('post', `${base}/disable`, { body: { username, disabled: change.disabled } })
    case 'password':
      return request('post', `${base}/reset-password`, { body: { username, password: change.password } })
  }
}

export function useAccountChange() {
  return useMutation({
    mutationFn: ({ username, change }: { username: string; change: AccountChange }) => send(username, change),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: ['accounts'] })
      void queryClient.invalidateQueries({ queryKey: ['audit'] })
      void queryClient.invalidateQueries({ queryKey: ['notices'] })
    },
    onError: (error) => notify('bad', describeError(error)),
  })
}
