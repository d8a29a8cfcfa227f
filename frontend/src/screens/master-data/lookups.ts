/** What is looked up here, told to the audit trail; once in a row. */
import { request } from '@/api/client'
import { queryClient } from '@/api/queryClient'

let last = ''

export function noteLookup(kind: 'tree' | 'item', target: string) {
  if (!target || last === `${kind} ${target}`) return
  last = `${kind} ${target}`
  request('post', '/api/audit/ui', {
    body: { action: `ui.master_data.${kind}`, payload: { target } },
    anonymous: true,
  })
    .then(() => queryClient.invalidateQueries({ queryKey: ['master-logs'] }))
    // A trail that misses an entry does not stop a planner.
    .catch(() => undefined)
}
