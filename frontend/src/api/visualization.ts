/** What there is to look at: the Projector export of the active version, and the plant's Neo4j browser. */
import { useQuery } from '@tanstack/react-query'
import { call } from './client'

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

export function useVisualization() {
  return useQuery({
    queryKey: ['visualization'],
    queryFn: ({ signal }) => call('get', '/api/visualization', undefined, { signal }),
  })
}

/** The address of a Neo4j browser that others than this machine can open; null for the default, which leads to nothing. */
export function plantAddress(text: string | null | undefined): string | null {
  if (!text || !URL.canParse(text)) return null
  const { protocol, hostname } = new URL(text)
  return /^https?:$/.test(protocol) && !LOOPBACK.includes(hostname) ? text : null
}
