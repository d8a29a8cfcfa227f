/** The rows of the work list: one an item, with what a planner needs to know before opening it. */
import type { PredictionResponse } from '@/api/types'
import type { ItemFacts } from '@/api/items'
import { warningsOf, type PredictionWarning } from '../metrics/warnings'
import { totals, type Operation } from '../store/operation'
import { isDirty, type RoutingDocument } from '../store/routingDocument'
import { chosenOf, stateOf, type Work, type WorkStateName } from '../store/work'
import { differenceOf, type Difference } from './difference'

export interface WorkRow {
  code: string
  /** Place in the order asked. */
  place: number
  facts: ItemFacts | null
  document: RoutingDocument | null
  /** Probability of its least certain operation, 0 to 1; null where nothing was estimated. */
  confidence: number | null
  warnings: readonly PredictionWarning[]
  operations: number
  /** Set-up, run and wait together. */
  minutes: number
  /** Against the routing that the item has now; null where it has none. */
  difference: Difference | null
  state: WorkStateName
  edited: boolean
  /** Not in the item master. */
  unknown: boolean
  attention: boolean
}

/** Below this an operation is in doubt: the least that a card calls certain. */
export const CERTAIN = 0.8
export const DOUBTFUL = 0.5

export function tone(belief: number): 'good' | 'warn' | 'bad' {
  return belief >= CERTAIN ? 'good' : belief >= DOUBTFUL ? 'warn' : 'bad'
}

export function confidenceOf(operations: readonly Operation[]): number | null {
  let least: number | null = null
  for (const { statistics } of operations) {
    const belief = statistics?.belief ?? null
    if (belief !== null && (least === null || belief < least)) least = belief
  }
  return least
}

export interface RowSource {
  documents: readonly RoutingDocument[]
  work: Work
  prediction: PredictionResponse | null
}

export function workRows(
  { documents, work, prediction }: RowSource,
  facts: ReadonlyMap<string, ItemFacts>,
): WorkRow[] {
  const warnings = new Map<string, PredictionWarning[]>()
  for (const one of warningsOf(prediction)) {
    const known = warnings.get(one.item_code)
    if (known) known.push(one)
    else warnings.set(one.item_code, [one])
  }
  const unknown = new Set(
    ((prediction?.metrics as { unknown_items?: string[] })?.unknown_items ?? []).map(String),
  )
  return work.codes.map((code, place) => {
    const document = chosenOf(documents, work, code)
    const present = document?.operations.present ?? []
    const confidence = confidenceOf(present)
    const current = work.current[code]
    const state = stateOf(document, work, code)
    const own = warnings.get(code) ?? []
    const doubtful = own.length > 0 || (confidence !== null && confidence < CERTAIN) || present.length === 0
    return {
      code,
      place,
      facts: facts.get(code.toLowerCase()) ?? null,
      document,
      confidence,
      warnings: own,
      operations: present.length,
      minutes: totals(present).lead,
      difference: current && document ? differenceOf(current, present) : null,
      state,
      edited: document !== null && isDirty(document),
      unknown: unknown.has(code),
      attention: state === 'open' && doubtful,
    }
  })
}

export const SORT_KEYS = [
  'attention',
  'place',
  'code',
  'name',
  'confidence',
  'operations',
  'minutes',
  'difference',
  'state',
] as const
export type SortKey = (typeof SORT_KEYS)[number]
export const FILTERS = ['all', 'attention', 'certain', 'open', 'reviewed', 'saved'] as const
export type FilterName = (typeof FILTERS)[number]

export interface WorkView {
  sort: SortKey
  descending: boolean
  filter: FilterName
  search: string
}

export const DEFAULT_VIEW: WorkView = { sort: 'attention', descending: false, filter: 'all', search: '' }

function passes(row: WorkRow, filter: FilterName): boolean {
  switch (filter) {
    case 'all':
      return true
    case 'attention':
      return row.attention
    case 'certain':
      return row.state === 'open' && !row.attention
    case 'open':
    case 'reviewed':
      return row.state === filter
    case 'saved':
      return row.state === 'saved' || row.state === 'sent'
  }
}

export function filterCounts(rows: readonly WorkRow[]): Record<FilterName, number> {
  const count = (filter: FilterName) => rows.filter((row) => passes(row, filter)).length
  return {
    all: rows.length,
    attention: count('attention'),
    certain: count('certain'),
    open: count('open'),
    reviewed: count('reviewed'),
    saved: count('saved'),
  }
}

const STATES: readonly WorkStateName[] = ['open', 'reviewed', 'saved', 'sent']

function differenceSize(row: WorkRow): number {
  const difference = row.difference
  return difference
    ? difference.added + difference.removed + difference.moved + difference.times + difference.machines
    : -1
}

function sortValue(row: WorkRow, key: SortKey): number | string {
  switch (key) {
    case 'attention':
      // What needs attention first, the least certain before the others; what is done last.
      return row.state !== 'open' ? 3 : row.attention ? (row.confidence ?? -1) : 2
    case 'place':
      return row.place
    case 'code':
      return row.code
    case 'name':
      return row.facts?.item_name ?? ''
    case 'confidence':
      return row.confidence ?? 2
    case 'operations':
      return row.operations
    case 'minutes':
      return row.minutes
    case 'difference':
      return differenceSize(row)
    case 'state':
      return STATES.indexOf(row.state)
  }
}

const natural = new Intl.Collator('ko', { numeric: true, sensitivity: 'base' })

function matches(row: WorkRow, words: readonly string[]): boolean {
  if (words.length === 0) return true
  const { facts } = row
  const text = [row.code, facts?.item_name, facts?.drawing, facts?.spec, facts?.material]
    .filter(Boolean)
    .join('\n')
    .normalize('NFKC')
    .toLowerCase()
  return words.every((word) => text.includes(word))
}

/** The rows that a view shows, in its order; equal ones in the order asked. */
export function visibleRows(rows: readonly WorkRow[], view: WorkView): WorkRow[] {
  const words = view.search.normalize('NFKC').toLowerCase().split(/\s+/).filter(Boolean)
  const sign = view.descending ? -1 : 1
  return rows
    .filter((row) => passes(row, view.filter) && matches(row, words))
    .sort((first, second) => {
      const [a, b] = [sortValue(first, view.sort), sortValue(second, view.sort)]
      const order =
        typeof a === 'string' && typeof b === 'string' ? natural.compare(a, b) : Number(a) - Number(b)
      return sign * order || first.place - second.place
    })
}
