/** A routing as a saved group, and back. */
import type { OperationStep } from '@/api/types'
import { newId, operationOf, stepOf, type Operation, type Statistics } from '../store/operation'
import type { RoutingDocument } from '../store/routingDocument'
import type { Format } from '../exports/formats'

export interface GroupStep {
  seq: number
  process_code: string
  duration_min: number | null
  primary_routing_code?: string | null
  sql_values?: Record<string, unknown> | null
  metadata?: Record<string, unknown> | null
}

export interface GroupConnection {
  id: string
  source_node_id: string
  target_node_id: string
  created_at: string
  created_by: string
}

export interface GroupContent {
  group_name: string
  item_codes: string[]
  steps: GroupStep[]
  connections: GroupConnection[]
  erp_required: boolean
  metadata: Record<string, unknown>
  /** What the steps were made from; the server records what was changed in it. */
  proposals?: {
    item_code: string
    candidate_id: string
    model_version: string
    strategy: string
    operations: readonly OperationStep[]
  }[]
}

export interface GroupSaved {
  group_id: string
  group_name: string
  owner: string
  version: number
  updated_at: string
}

export type GroupFull = GroupSaved & GroupContent

export interface GroupSummary {
  group_id: string
  group_name: string
  item_codes: string[]
  step_count: number
  version: number
  updated_at: string
  owner?: string
}

/** Blanks collapsed, as the server stores it. */
export function groupName(text: string): string {
  return text.trim().replace(/\s+/g, ' ')
}

export function contentOf(
  document: RoutingDocument,
  name: string,
  format: Format,
  erpRequired: boolean,
): GroupContent {
  const operations = document.operations.present
  const proposal = document.proposal && {
    item_code: document.itemCode,
    candidate_id: document.candidateId,
    model_version: document.proposal.modelVersion,
    strategy: document.proposal.strategy,
    operations: document.proposal.operations,
  }
  const now = new Date().toISOString()
  const node = (position: number) => `step-${position + 1}`
  return {
    group_name: groupName(name),
    item_codes: [document.itemCode],
    steps: operations.map((operation, position) => ({
      seq: position + 1,
      process_code: operation.code || operation.name || '-',
      duration_min: (operation.setup ?? 0) + (operation.run ?? 0) + (operation.wait ?? 0),
      primary_routing_code: document.candidateId,
      sql_values: stepOf(operation, position) as unknown as Record<string, unknown>,
      metadata: { name: operation.name, statistics: operation.statistics },
    })),
    connections: operations.slice(1).map((_, position) => ({
      id: `${node(position)}-${node(position + 1)}`,
      source_node_id: node(position),
      target_node_id: node(position + 1),
      created_at: now,
      created_by: 'manual',
    })),
    erp_required: erpRequired,
    metadata: {
      format,
      item_code: document.itemCode,
      candidate_id: document.candidateId,
      summary: document.summary,
    },
    proposals: proposal ? [proposal] : undefined,
  }
}

export function operationsOf(group: GroupFull): Operation[] {
  return [...group.steps]
    .sort((first, second) => first.seq - second.seq)
    .map((step) => {
      if (step.sql_values) {
        const operation = operationOf(step.sql_values as unknown as OperationStep)
        const statistics = (step.metadata?.statistics ?? null) as Statistics | null
        return {
          ...operation,
          code: operation.code || step.process_code,
          statistics: statistics ?? operation.statistics,
        }
      }
      return {
        id: newId(),
        code: step.process_code,
        name: String(step.metadata?.name ?? ''),
        resource: '',
        setup: null,
        run: step.duration_min,
        wait: null,
        step: { PROC_SEQ: step.seq * 10 } as OperationStep,
        statistics: null,
      }
    })
}
