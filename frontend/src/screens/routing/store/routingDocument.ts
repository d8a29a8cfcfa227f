/** A routing that is being edited: one tab of the canvas. */
import type { OperationStep, PredictionResponse, RoutingSummary } from '@/api/types'
import { startHistory, type History } from './history'
import { operationOf, type Operation } from './operation'

export interface SavedGroup {
  id: string
  name: string
  version: number
}

/** A predicted routing; what a planner changed in it is recorded when the routing is saved. */
export interface Proposal {
  modelVersion: string
  strategy: string
  operations: readonly OperationStep[]
}

export interface RoutingDocument {
  id: string
  itemCode: string
  candidateId: string
  /** The routing without its operations; null for a routing loaded from a group. */
  summary: RoutingSummary | null
  operations: History<readonly Operation[]>
  /** What was last saved or predicted; the same array means nothing is unsaved. */
  baseline: readonly Operation[]
  group: SavedGroup | null
  /** What was predicted, as it was answered; null for a routing loaded from a group. */
  proposal: Proposal | null
}

export function isDirty(document: RoutingDocument): boolean {
  return document.operations.present !== document.baseline
}

export function documentId(itemCode: string, candidateId: string): string {
  return `${itemCode}::${candidateId}`
}

export function documentOf(routing: RoutingSummary, metrics: Record<string, unknown> = {}): RoutingDocument {
  const { operations: rows, ...summary } = routing
  const operations = (rows ?? []).map(operationOf)
  const candidateId = routing.CANDIDATE_ID ?? routing.ITEM_CD
  return {
    id: documentId(routing.ITEM_CD, candidateId),
    itemCode: routing.ITEM_CD,
    candidateId,
    summary,
    operations: startHistory<readonly Operation[]>(operations),
    baseline: operations,
    group: null,
    proposal: rows?.length
      ? {
          modelVersion: String(metrics.model_version ?? ''),
          strategy: String(metrics.strategy ?? ''),
          operations: rows,
        }
      : null,
  }
}

/** Tabs for a prediction, routings that repeat an id told apart by a number. */
export function documentsOf(response: PredictionResponse): RoutingDocument[] {
  const seen = new Map<string, number>()
  return response.items
    .filter((routing) => routing.operations?.length)
    .map((routing) => {
      const document = documentOf(routing, response.metrics)
      const times = (seen.get(document.id) ?? 0) + 1
      seen.set(document.id, times)
      return times === 1 ? document : { ...document, id: `${document.id}::${times}` }
    })
}
