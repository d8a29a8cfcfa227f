/** Left column: which items, how many neighbours, how similar; starts the recommendation. */
import { Sparkles } from 'lucide-react'
import { useMemo, useState } from 'react'
import { Button } from '@/ui/Button'
import { Card } from '@/ui/Card'
import { CheckField, TextArea } from '@/ui/Field'
import { goToWrongNumber, NumberField } from '@/ui/NumberField'
import { useRouting } from '../store/routingStore'
import { useRoutingText } from '../texts'
import { parseItemCodes } from './parseItemCodes'
import { usePrediction } from './usePrediction'

export function ItemInputs() {
  const t = useRoutingText()
  const inputs = useRouting((state) => state.inputs)
  const setInputs = useRouting((state) => state.setInputs)
  const [touched, setTouched] = useState(false)
  const parsed = useMemo(() => parseItemCodes(inputs.codes), [inputs.codes])
  const { run, busy } = usePrediction()

  const start = () => {
    setTouched(true)
    if (goToWrongNumber()) return
    if (parsed.codes.length > 0) void run(parsed.codes)
  }
  const notices = [
    parsed.codes.length > 0 && t('codesCounted', { count: parsed.codes.length }),
    parsed.duplicates > 0 && t('codesDuplicates', { count: parsed.duplicates }),
    parsed.cut > 0 && t('codesCut', { count: parsed.cut }),
  ].filter(Boolean)

  return (
    <Card>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          start()
        }}
      >
        <TextArea
          label={t('codes')}
          hint={t('codesHint')}
          error={touched && parsed.codes.length === 0 ? t('codesNeeded') : undefined}
          placeholder={'SLS-0000718\nSLS-0000711'}
          rows={7}
          mono
          spellCheck={false}
          value={inputs.codes}
          onChange={(event) => setInputs({ codes: event.target.value })}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) start()
          }}
        />
        <p
          role="status"
          className={parsed.cut > 0 ? 'text-[0.86rem] font-medium text-warn' : 'text-[0.86rem] text-muted'}
        >
          {notices.join(' ')}
        </p>
        <div className="grid grid-cols-2 gap-2">
          <NumberField
            label={t('topK')}
            min={1}
            max={50}
            digits={0}
            value={inputs.topK}
            onChange={(topK) => setInputs({ topK: topK ?? 1 })}
          />
          <NumberField
            label={t('similarity')}
            min={0}
            max={100}
            digits={1}
            value={inputs.similarity}
            onChange={(similarity) => setInputs({ similarity: similarity ?? 0 })}
          />
        </div>
        <CheckField
          label={t('ignoreOwn')}
          hint={t('ignoreOwnHint')}
          checked={inputs.ignoreOwn}
          onChange={(event) => setInputs({ ignoreOwn: event.target.checked })}
        />
        <Button type="submit" variant="primary" icon={Sparkles} busy={busy}>
          {t('run')}
        </Button>
      </form>
    </Card>
  )
}
