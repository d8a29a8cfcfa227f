/** Every operation of the plant, with the machines that it is done on. */
import { useQuery } from '@tanstack/react-query'
import { call } from './client'

export function usePlantOperations(enabled = true) {
  return useQuery({
    queryKey: ['plant-operations'],
    enabled,
    staleTime: 30 * 60_000,
    queryFn: ({ signal }) => call('get', '/api/master-data/operations', undefined, { signal }),
  })
}
