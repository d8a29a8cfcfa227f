import { expect, test, vi } from 'vitest'
import { handOver, type ErpMessage } from './erp'
import { queryClient } from './queryClient'

test('what is handed over is shown also when the list asked for before comes later, empty', async () => {
  const key = ['hand-overs', 'g-1']
  let empty: (items: ErpMessage[]) => void = () => undefined
  const earlier = queryClient
    .fetchQuery<ErpMessage[]>({ queryKey: key, queryFn: () => new Promise((resolve) => (empty = resolve)) })
    .catch(() => undefined)
  const message = { message_id: 'm-1', state: 'pending' } as ErpMessage
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(JSON.stringify(message), { status: 202 })))
  await handOver('g-1')
  empty([])
  await earlier
  expect(queryClient.getQueryData<ErpMessage[]>(key)).toEqual([message])
  queryClient.removeQueries({ queryKey: key })
})
