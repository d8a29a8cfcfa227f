/** What waits for an administrator: accounts to approve, hand-overs to the ERP that failed, a system that is not well. */
import { useQuery } from '@tanstack/react-query'
import { request } from '@/api/client'
import type { ErpStatus } from '@/api/erp'
import { useIsAdmin } from '@/session/session'
import type { ScreenId } from './menus'

const PERIOD = 60_000

/** How many things wait, by the screen that looks after them; 0 and nothing are the same. */
export function useNotices(): Partial<Record<ScreenId, number>> {
  const enabled = useIsAdmin()
  const options = { enabled, refetchInterval: PERIOD, staleTime: PERIOD / 2 }
  const accounts = useQuery({
    ...options,
    queryKey: ['notices', 'accounts'],
    queryFn: async ({ signal }) =>
      (
        await request<{ total: number }>('get', '/api/auth/admin/accounts', {
          query: { status: 'pending', limit: 1 },
          signal,
        })
      ).total,
  })
  const erp = useQuery({
    ...options,
    queryKey: ['notices', 'erp'],
    queryFn: async ({ signal }) =>
      (await request<ErpStatus>('get', '/api/erp/status', { signal })).counts.failed ?? 0,
  })
  const health = useQuery({
    ...options,
    queryKey: ['notices', 'health'],
    queryFn: async ({ signal }) =>
      (await request<{ status: string }>('get', '/api/health', { signal })).status === 'ok' ? 0 : 1,
  })
  if (!enabled) return {}
  return { accounts: accounts.data ?? 0, operations: (erp.data ?? 0) + (health.data ?? 0) }
}
