/** Server state. Everything is asked again when the server has come back. */
import { QueryClient } from '@tanstack/react-query'
import { onRecovered } from './connection'
import { isOffline, statusOf } from './errors'

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      gcTime: 30 * 60_000,
      refetchOnWindowFocus: false,
      networkMode: 'always',
      retry: (failures, error) => {
        const status = statusOf(error)
        return failures < 2 && !isOffline(error) && (status === undefined || status >= 500) && status !== 503
      },
      retryDelay: (attempt) => 500 * 2 ** attempt,
    },
    mutations: { networkMode: 'always', retry: false },
  },
})

onRecovered(() => {
  void queryClient.invalidateQueries()
})
