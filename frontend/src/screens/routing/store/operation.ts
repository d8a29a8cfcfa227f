/** An operation on the canvas, and its way to and from the rows of the API. Times are minutes. */
import type { OperationStep } from '@/api/types'

/** A feature of the item that speaks for or against an operation, and its value; null where the item has none. */
export interface Reason {
  feature: string
  value: string | null
}

/** What an operation and its times rest on. Shares and probabilities are 0 to 1. */
export interface Statistics {
  samples: number | null
  /** Of the run time. */
  confidence: number | null
  /** Probability that the run time is at most a quarter off. */
  timeBelief: number | null
  /** Share of the neighbours' weight that has the operation. */
  support: number | null
  /** What the learned models alone say; null where they say nothing of it. */
  learned: number | null
  /** Probability that the operation belongs. */
  belief: number | null
  reasons: Reason[]
  /** What would speak against the operation: most neighbours without it have this. */
  changes: Change[]
  run: TimeRange | null
  setup: TimeRange | null
  neighboursFor: string[]
  neighboursAgainst: string[]
}

export interface Change {
  feature: string
  value: string
  items: number
  of: number
}

export interface TimeRange {
  optimal: number | null
  standard: number | null
  safe: number | null
}

export interface Times {
  setup: number | null
  run: number | null
  wait: number | null
}

export interface Operation extends Times {
  /** Stable on the canvas, unlike the sequence number, which follows from the position. */
  id: string
  code: string
  name: string
  resource: string
  step: OperationStep
  statistics: Statistics | null
}

/** Fields that come beside the contract's own. */
export type ExtendedStep = OperationStep & {
  PROC_CD?: string | null
  PROC_DESC?: string | null
  RES_DESC?: string | null
  RUN_TIME?: number | null
  IDLE_TIME?: number | null
  EVIDENCE?: Record<string, unknown> | null
} & Record<string, unknown>

let counter = 0

/** Unique within this browser and across reloads of a draft. */
export function newId(): string {
  counter += 1
  return `op-${Date.now().toString(36)}-${counter.toString(36)}`
}

function firstNumber(...values: unknown[]): number | null {
  for (const value of values)
    if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
  return null
}

function firstText(...values: unknown[]): string {
  for (const value of values) if (typeof value === 'string' && value.trim()) return value.trim()
  return ''
}

function codes(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String)
  if (typeof value !== 'string' || !value) return []
  try {
    const parsed: unknown = JSON.parse(value)
    if (Array.isArray(parsed)) return parsed.map(String)
  } catch {
    // Not JSON: codes separated by commas.
  }
  return value
    .split(',')
    .map((code) => code.trim())
    .filter(Boolean)
}

function range(facts: Record<string, unknown>, name: string): TimeRange | null {
  const found = {
    optimal: firstNumber(facts[`${name}_OPTIMAL`]),
    standard: firstNumber(facts[`${name}_STANDARD`]),
    safe: firstNumber(facts[`${name}_SAFE`]),
  }
  return found.optimal === null && found.standard === null && found.safe === null ? null : found
}

/** The features that tell most about the operation, as the server names them with their values; null stands for no value. */
export function reasonsOf(reasons: unknown): Reason[] {
  if (!Array.isArray(reasons)) return []
  return reasons.flatMap((one: { feature?: unknown; value?: unknown } | null) =>
    typeof one?.feature === 'string'
      ? [{ feature: one.feature, value: typeof one.value === 'string' ? one.value : null }]
      : [],
  )
}

function changesOf(changes: unknown): Change[] {
  if (!Array.isArray(changes)) return []
  return changes.flatMap((one: Partial<Record<keyof Change, unknown>> | null) =>
    typeof one?.feature === 'string' &&
    typeof one.value === 'string' &&
    typeof one.items === 'number' &&
    typeof one.of === 'number'
      ? [{ feature: one.feature, value: one.value, items: one.items, of: one.of }]
      : [],
  )
}

/** Reads the evidence that the server gives with an operation; null when it gives none. */
export function statisticsOf(step: ExtendedStep): Statistics | null {
  const facts = step.EVIDENCE ?? step
  const run = range(facts, 'RUN_TIME')
  const setup = range(facts, 'SETUP_TIME')
  const samples = firstNumber(facts.SAMPLES)
  const neighboursFor = codes(facts.NEIGHBOURS_FOR)
  const belief = firstNumber(facts.BELIEF)
  if (!run && !setup && !samples && belief === null && neighboursFor.length === 0) return null
  return {
    samples,
    confidence: firstNumber(facts.CONFIDENCE),
    timeBelief: firstNumber(facts.TIME_BELIEF),
    support: firstNumber(facts.SUPPORT),
    learned: firstNumber(facts.LEARNED),
    belief,
    reasons: reasonsOf(facts.REASONS),
    changes: changesOf(facts.CHANGES),
    run,
    setup,
    neighboursFor,
    neighboursAgainst: codes(facts.NEIGHBOURS_AGAINST),
  }
}

export function operationOf(row: OperationStep): Operation {
  const step = row as ExtendedStep
  return {
    id: newId(),
    code: firstText(step.PROC_CD, step.dbo_BI_ROUTING_VIEW_JOB_CD, step.RES_CD),
    name: firstText(step.PROC_DESC, step.JOB_NM, step.RES_DIS),
    resource: firstText(step.RES_DIS, step.RES_DESC, step.RES_CD),
    setup: firstNumber(step.SETUP_TIME, step.ACT_SETUP_TIME),
    run: firstNumber(step.RUN_TIME, step.MACH_WORKED_HOURS, step.ACT_RUN_TIME, step.RUN_TIME_QTY),
    wait: firstNumber(step.WAIT_TIME, step.IDLE_TIME),
    step: row,
    statistics: statisticsOf(step),
  }
}

export interface Machine {
  code: string
  name: string
}

/** The machine of an operation; empty texts where none is known. */
export function machineOf(operation: Operation): Machine {
  const text = (value: unknown) => (typeof value === 'string' ? value.trim() : '')
  const step = operation.step as ExtendedStep
  return { code: text(step.RES_CD), name: text(step.RES_DIS) || text(step.RES_DESC) }
}

/** Where a row has the name of its machine: plants other than the first have it under one name for all. */
function nameOfMachine(step: OperationStep): 'RES_DIS' | 'RES_DESC' {
  return 'RES_DESC' in step ? 'RES_DESC' : 'RES_DIS'
}

/** The operation on another machine. */
export function withMachine(operation: Operation, machine: Machine): Operation {
  const [code, name] = [machine.code.trim(), machine.name.trim()]
  const now = machineOf(operation)
  if (code === now.code && (name === now.name || name === '')) return operation
  return {
    ...operation,
    resource: name || code,
    step: { ...operation.step, RES_CD: code || null, [nameOfMachine(operation.step)]: name || code || null },
  }
}

/** A copy for another place on the canvas. */
export function copyOf(operation: Operation): Operation {
  return { ...operation, id: newId() }
}

/** The row of the API for an operation at a position (from 0); sequence numbers go by tens. */
export function stepOf(operation: Operation, position: number): OperationStep {
  const { EVIDENCE: _evidence, ...step } = operation.step as ExtendedStep
  return {
    ...step,
    PROC_SEQ: (position + 1) * 10,
    SETUP_TIME: operation.setup,
    MACH_WORKED_HOURS: operation.run,
    RUN_TIME: operation.run,
    WAIT_TIME: operation.wait,
  } as OperationStep
}

export function totals(operations: readonly Operation[]) {
  let [setup, run, wait] = [0, 0, 0]
  for (const operation of operations) {
    setup += operation.setup ?? 0
    run += operation.run ?? 0
    wait += operation.wait ?? 0
  }
  return { setup, run, wait, lead: setup + run + wait }
}

/** Operations of the same process, whichever routing they come from. */
export function processKey(operation: Pick<Operation, 'code' | 'name'>): string {
  return `${operation.code.toLowerCase()}|${operation.name.toLowerCase()}`
}
