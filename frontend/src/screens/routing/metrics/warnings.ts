/** What a prediction warns of, in the chosen language. */
import type { PredictionResponse } from '@/api/types'
import { routingText } from '../texts'

export interface PredictionWarning {
  item_code: string
  reason: string
  message: string
}

const KNOWN = [
  'NO_FEATURES',
  'UNLIKE_TRAINING_DATA',
  'BELOW_THRESHOLD',
  'USUAL_ROUTING',
  'NOTHING_IN_COMMON',
  'NO_NEIGHBOUR_WITH_ROUTING',
  'NO_NEIGHBOURS',
] as const

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

/** Warnings of a prediction, or of one item of it. */
export function warningsOf(prediction: PredictionResponse | null, itemCode?: string): PredictionWarning[] {
  const metrics = prediction?.metrics as { warnings?: unknown; unlike_training_data?: unknown } | undefined
  const warnings = list(metrics?.warnings).map((one) => {
    const { item_code = '', reason = '', message = '' } = one as Partial<PredictionWarning>
    return { item_code, reason, message }
  })
  for (const code of list(metrics?.unlike_training_data).map(String)) {
    const told = warnings.some((one) => one.item_code === code && one.reason === 'UNLIKE_TRAINING_DATA')
    if (!told) warnings.push({ item_code: code, reason: 'UNLIKE_TRAINING_DATA', message: '' })
  }
  return itemCode === undefined ? warnings : warnings.filter((one) => one.item_code === itemCode)
}

/** A warning as a sentence; the server's own for reasons that this screen does not know. */
export function warningText({ reason, message }: PredictionWarning): string {
  const known = KNOWN.find((one) => one === reason)
  return known ? routingText(`warning.${known}`) : message
}
