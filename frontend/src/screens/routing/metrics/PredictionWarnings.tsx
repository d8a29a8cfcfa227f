/** What a prediction warns of. */
import type { PredictionResponse } from '@/api/types'
import { useRoutingText } from '../texts'
import { warningsOf, warningText } from './warnings'

interface PredictionWarningsProps {
  prediction: PredictionResponse | null
  /** Only those of this item. */
  itemCode?: string
}

export function PredictionWarnings({ prediction, itemCode }: PredictionWarningsProps) {
  const t = useRoutingText()
  const warnings = warningsOf(prediction, itemCode)
  if (warnings.length === 0) return null
  return (
    <ul
      aria-label={t('warnings')}
      className="my-3 max-h-40 overflow-y-auto rounded-xl border border-warn/40 bg-warn-soft px-4 py-2 text-[0.88rem]"
    >
      {warnings.map((warning, index) => (
        <li key={index}>
          {warning.item_code && <b className="text-heading">{warning.item_code}: </b>}
          {warningText(warning)}
        </li>
      ))}
    </ul>
  )
}
