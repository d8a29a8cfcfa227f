/** The times of a card, and the editor that opens on them with the statistics behind each figure. */
import { Popover } from 'radix-ui'
import { useState, type FormEvent } from 'react'
import { Button } from '@/ui/Button'
import { TextField } from '@/ui/Field'
import { useCommonText } from '@/i18n/common'
import { formatNumber } from '@/i18n/format'
import type { Operation, Times } from '../store/operation'
import { useRouting } from '../store/routingStore'
import { useRoutingText } from '../texts'
import { TimeStatistics } from './TimeStatistics'

interface TimeEditorProps {
  operation: Operation
  name: string
  open: boolean
  onOpenChange: (open: boolean) => void
}

const FIELDS = [
  ['setup', 'setup', 'Setup'],
  ['run', 'runTime', 'Run'],
  ['wait', 'wait', 'Wait'],
] as const

export function TimeEditor({ operation, name, open, onOpenChange }: TimeEditorProps) {
  const t = useRoutingText()
  return (
    <Popover.Root open={open} onOpenChange={onOpenChange}>
      <Popover.Trigger
        tabIndex={-1}
        aria-label={t('editTimes', { name })}
        onPointerDown={(event) => event.stopPropagation()}
        className="mt-1.5 grid w-full grid-cols-3 gap-1 rounded-lg border border-transparent px-0.5 py-1 text-left text-[0.78rem] hover:border-line-strong hover:bg-white/60"
      >
        {FIELDS.map(([key, , short]) => (
          <span key={key} className="min-w-0">
            <span className="block text-muted">{short}</span>
            <span className="block truncate text-[0.88rem] font-semibold text-heading tabular-nums">
              {formatNumber(operation[key])}
            </span>
          </span>
        ))}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          sideOffset={8}
          collisionPadding={12}
          className="card z-40 w-80 bg-[oklch(0.97_0.015_228)] p-4"
          onKeyDown={(event) => event.stopPropagation()}
          aria-label={t('editTimes', { name })}
        >
          <TimeForm operation={operation} name={name} onDone={() => onOpenChange(false)} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}

type Draft = Record<keyof Times, string>

/** Thousandths of a minute are enough to read. */
function rounded(minutes: number | null): string {
  return minutes === null ? '' : String(Math.round(minutes * 1000) / 1000)
}

function parse(text: string): number | null | undefined {
  if (text.trim() === '') return null
  const value = Number(text.replace(',', '.'))
  return Number.isFinite(value) && value >= 0 ? value : undefined
}

function TimeForm({ operation, name, onDone }: { operation: Operation; name: string; onDone: () => void }) {
  const t = useRoutingText()
  const common = useCommonText()
  const [shown] = useState<Draft>({
    setup: rounded(operation.setup),
    run: rounded(operation.run),
    wait: rounded(operation.wait),
  })
  const [draft, setDraft] = useState(shown)
  /** A time that was not touched keeps all its digits. */
  const valueOf = (key: keyof Times) => (draft[key] === shown[key] ? operation[key] : parse(draft[key]))
  const values = { setup: valueOf('setup'), run: valueOf('run'), wait: valueOf('wait') }
  const wrong = FIELDS.some(([key]) => values[key] === undefined)

  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (wrong) return
    useRouting.getState().editTimes(operation.id, values as Times)
    onDone()
  }
  const set = (key: keyof Times, value: string) => setDraft((current) => ({ ...current, [key]: value }))

  return (
    <form onSubmit={submit} noValidate>
      <div className="mb-2 font-semibold text-heading">{name}</div>
      <div className="grid grid-cols-3 gap-2">
        {FIELDS.map(([key, label]) => (
          <TextField
            key={key}
            label={`${t(label)} (${common('minutes')})`}
            inputMode="decimal"
            autoFocus={key === 'run'}
            value={draft[key]}
            error={values[key] === undefined ? t('timeError') : undefined}
            onFocus={(event) => event.target.select()}
            onChange={(event) => set(key, event.target.value)}
          />
        ))}
      </div>
      <TimeStatistics operation={operation} onUse={(key, value) => set(key, rounded(value))} />
      <div className="mt-3 flex justify-end gap-2">
        <Button size="sm" onClick={onDone}>
          {common('cancel')}
        </Button>
        <Button size="sm" type="submit" variant="primary" disabled={wrong}>
          {common('apply')}
        </Button>
      </div>
    </form>
  )
}
