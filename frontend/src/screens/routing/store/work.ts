/** What is known of the items that a planner works through, beside their routings. */
import type { PredictionResponse } from '@/api/types'
import { operationOf, type Operation } from './operation'
import { isDirty, type RoutingDocument } from './routingDocument'

export interface Work {
  /** Items in the order asked, unknown ones too. */
  codes: readonly string[]
  reviewed: Readonly<Record<string, true>>
  /** Version of the saved group that was handed to the ERP, by item. */
  sent: Readonly<Record<string, number>>
  /** The routing that was shown last of an item with several: it is the one that is saved. */
  chosen: Readonly<Record<string, string>>
  /** The routing that an item has now; absent where it has none. */
  current: Readonly<Record<string, readonly Operation[]>>
  /** What was pasted and is no item, in the words of the person; with how many lines were left out. */
  leftOut: { texts: readonly string[]; lines: number }
}

export const NO_WORK: Work = {
  codes: [],
  reviewed: {},
  sent: {},
  chosen: {},
  current: {},
  leftOut: { texts: [], lines: 0 },
}

export type WorkStateName = 'open' | 'reviewed' | 'saved' | 'sent'

function listed(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}

/** Items of a prediction in the order answered, and those that it has nothing for. */
export function codesOf(prediction: PredictionResponse): string[] {
  const metrics = prediction.metrics as Record<string, unknown> | undefined
  return [
    ...new Set([
      ...prediction.items.map((routing) => routing.ITEM_CD),
      ...listed(metrics?.items_without_routing),
      ...listed(metrics?.unknown_items),
    ]),
  ]
}

/** The routings that items have of their own, among those of a prediction. */
export function currentOf(prediction: PredictionResponse): Record<string, readonly Operation[]> {
  const found: Record<string, readonly Operation[]> = {}
  for (const { ITEM_CD, REFERENCE_ITEM_CD, operations } of prediction.items)
    if (REFERENCE_ITEM_CD === ITEM_CD && operations?.length && !found[ITEM_CD])
      found[ITEM_CD] = operations.map(operationOf)
  return found
}

/** The routings of an item: what was loaded from groups first, then best first. */
export function routingsOf(documents: readonly RoutingDocument[], code: string): RoutingDocument[] {
  return documents.filter((document) => document.itemCode === code)
}

/** The routing of an item that is shown and saved. */
export function chosenOf(
  documents: readonly RoutingDocument[],
  work: Pick<Work, 'chosen'>,
  code: string,
): RoutingDocument | null {
  const own = routingsOf(documents, code)
  return own.find((document) => document.id === work.chosen[code]) ?? own[0] ?? null
}

export function stateOf(document: RoutingDocument | null, work: Work, code: string): WorkStateName {
  if (document?.group && !isDirty(document))
    return work.sent[code] === document.group.version ? 'sent' : 'saved'
  return work.reviewed[code] ? 'reviewed' : 'open'
}

/** Items whose review is not saved yet, in order. */
export function reviewedCodes(documents: readonly RoutingDocument[], work: Work): string[] {
  return work.codes.filter((code) => stateOf(chosenOf(documents, work, code), work, code) === 'reviewed')
}

/** What a new prediction keeps when it is asked to: edited routings, and those of reviews that are not saved. */
export function keptDocuments(documents: readonly RoutingDocument[], work: Work): RoutingDocument[] {
  const reviewed = new Set(reviewedCodes(documents, work).map((code) => chosenOf(documents, work, code)?.id))
  return documents.filter((document) => isDirty(document) || reviewed.has(document.id))
}

/** The entries of some keys. */
export function picked<Value>(record: Readonly<Record<string, Value>>, keys: ReadonlySet<string>) {
  return Object.fromEntries(Object.entries(record).filter(([key]) => keys.has(key)))
}

/** The work with reviews noted or taken back; items without operations stay open. */
export function reviewedIn(
  documents: readonly RoutingDocument[],
  work: Work,
  codes: readonly string[],
  reviewed: boolean,
): Work {
  const changed = new Set(
    codes.filter((code) => (chosenOf(documents, work, code)?.operations.present.length ?? 0) > 0),
  )
  const rest = Object.fromEntries(Object.entries(work.reviewed).filter(([code]) => !changed.has(code)))
  const added = reviewed ? Object.fromEntries([...changed].map((code) => [code, true as const])) : {}
  return { ...work, reviewed: { ...rest, ...added } }
}
