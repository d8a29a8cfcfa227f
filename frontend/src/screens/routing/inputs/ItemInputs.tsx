/** Left column: which items, how many neighbours, how similar; starts the recommendation. */
import { Sparkles } from 'lucide-react'
import { useMemo, useState } from 'react'
import { describeError } from '@/api/errors'
import { Button } from '@/ui/Button'
import { Card } from '@/ui/Card'
import { CheckField, TextArea } from '@/ui/Field'
import { goToWrongNumber, NumberField } from '@/ui/NumberField'
import { notify } from '@/ui/toasts'
import { useRouting } from '../store/routingStore'
import { useRoutingText } from '../texts'
import { NO_WORK } from '../store/work'
import { parseItemCodes } from './parseItemCodes'
import { isBlock, readBlock } from './pastedBlock'
import { usePrediction } from './usePrediction'

export function ItemInputs() {
  const t = useRoutingText()
  const inputs = useRouting((state) => state.inputs)
  const setInputs = useRouting((state) => state.setInputs)
  const [touched, setTouched] = useState(false)
  const [reading, setReading] = useState(false)
  const [noCodes, setNoCodes] = useState(false)
  const leftOut = useRouting((state) => state.work.leftOut)
  const parsed = useMemo(() => parseItemCodes(inputs.codes), [inputs.codes])
  const { run, busy } = usePrediction()

  /** Takes the codes of a block into the place of what is selected; where no column has any, the text stands as it was pasted. */
  const takeBlock = async (text: string, field: HTMLTextAreaElement) => {
    const [before, after] = [
      field.value.slice(0, field.selectionStart).trimEnd(),
      field.value.slice(field.selectionEnd).trimStart(),
    ]
    const take = (added: string) => setInputs({ codes: [before, added, after].filter(Boolean).join('\n') })
    setReading(true)
    try {
      const block = await readBlock(text)
      take(block ? block.codes.join('\n') : text)
      useRouting
        .getState()
        .noteLeftOut(
          block ? { texts: block.leftOut.slice(0, 50), lines: block.lines } : { texts: [], lines: 0 },
        )
      setNoCodes(block === null)
    } catch (error) {
      notify('bad', describeError(error))
      take(text)
    } finally {
      setReading(false)
    }
  }

  const start = () => {
    setTouched(true)
    if (goToWrongNumber()) return
    if (parsed.codes.length > 0) void run(parsed.codes)
  }
  const notices = [
    parsed.codes.length > 0 && t('codesCounted', { count: parsed.codes.length }),
    parsed.duplicates > 0 && t('codesDuplicates', { count: parsed.duplicates }),
    parsed.cut > 0 && t('codesCut', { count: parsed.cut }),
    leftOut.lines > 0 && t('leftOut', { count: leftOut.lines }),
    noCodes && t('noCodesInBlock'),
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
          rows={3}
          mono
          spellCheck={false}
          value={inputs.codes}
          aria-busy={reading || undefined}
          onChange={(event) => {
            setInputs({ codes: event.target.value })
            if (event.target.value.trim() === '') {
              useRouting.getState().noteLeftOut(NO_WORK.leftOut)
              setNoCodes(false)
            }
          }}
          onPaste={(event) => {
            const text = event.clipboardData.getData('text/plain')
            if (!isBlock(text)) return
            event.preventDefault()
            void takeBlock(text, event.currentTarget)
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) start()
          }}
        />
        <p
          role="status"
          className={
            parsed.cut > 0 || leftOut.lines > 0 || noCodes
              ? 'text-[0.86rem] font-medium text-warn'
              : 'text-[0.86rem] text-muted'
          }
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
          title={t('ignoreOwnHint')}
          checked={inputs.ignoreOwn}
          onChange={(event) => setInputs({ ignoreOwn: event.target.checked })}
        />
        <Button type="submit" variant="primary" icon={Sparkles} busy={busy || reading}>
          {t('run')}
        </Button>
      </form>
    </Card>
  )
}
