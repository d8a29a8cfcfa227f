/**
 * What the planner does on the canvas, sent to the server from time to time with a snapshot of the routing,
 * so that a saved group's history can be followed. Nothing is lost when the server is away: it is sent later.
 */
import { request } from '@/api/client'
import { useConnection } from '@/api/connection'
import { useSession } from '@/session/session'
import { stepOf } from './operation'
import { isDirty, type RoutingDocument } from './routingDocument'
import { useRouting } from './routingStore'
import { uniqueId } from './uniqueId'

interface Audit {
  id: string
  action: string
  level: 'info'
  message: string
  context: Record<string, unknown>
  created_at: string
}

const PERIOD = 60_000
const MOST_AUDITS = 500
let audits: Audit[] = []
let started = false
const sent = new Map<string, unknown>()

function note(action: string, document: RoutingDocument) {
  audits.push({
    id: uniqueId(),
    action,
    level: 'info',
    message: `${document.itemCode} ${document.candidateId}`,
    context: {
      item_code: document.itemCode,
      candidate_id: document.candidateId,
      operations: document.operations.present.length,
    },
    created_at: new Date().toISOString(),
  })
  audits = audits.slice(-MOST_AUDITS)
}

/** The name of what was done, from the lengths of the history before and after. */
export function actionBetween(before: RoutingDocument, after: RoutingDocument): string | null {
  if (before.operations === after.operations)
    return before.baseline === after.baseline ? null : 'routing.save'
  if (after.operations.past.length < before.operations.past.length) return 'routing.undo'
  if (
    after.operations.future.length < before.operations.future.length &&
    after.operations.past.length > before.operations.past.length &&
    after.operations.present === before.operations.future[0]
  ) {
    return 'routing.redo'
  }
  const change = after.operations.present.length - before.operations.present.length
  return change > 0 ? 'routing.insert' : change < 0 ? 'routing.remove' : 'routing.edit'
}

async function flush() {
  if (!useConnection.getState().online || useSession.getState().state !== 'active' || audits.length === 0)
    return
  const batch = audits
  audits = []
  const snapshots = useRouting
    .getState()
    .documents.filter((document) => document.group && sent.get(document.id) !== document.operations.present)
    .map((document) => ({
      id: `${document.id}:${Date.now()}`,
      created_at: new Date().toISOString(),
      reason: isDirty(document) ? 'edit' : 'save',
      version: document.group?.version,
      state: { group_id: document.group?.id, steps: document.operations.present.map(stepOf) },
    }))
  try {
    await request('post', '/api/routing/groups/snapshots', {
      body: { snapshots, audits: batch, source: 'routing-canvas' },
      anonymous: true,
    })
    for (const document of useRouting.getState().documents) sent.set(document.id, document.operations.present)
  } catch {
    audits = [...batch, ...audits].slice(-MOST_AUDITS)
  }
}

/** Starts following the canvas; once a page. */
export function followCanvas() {
  if (started) return
  started = true
  useRouting.subscribe((state, before) => {
    if (state.documents === before.documents) return
    for (const document of state.documents) {
      const old = before.documents.find((other) => other.id === document.id)
      const action = old && actionBetween(old, document)
      if (action) note(action, document)
      if (action === 'routing.save') void flush()
    }
  })
  setInterval(() => void flush(), PERIOD)
}
