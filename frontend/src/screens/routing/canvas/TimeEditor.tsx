/** The times of a card, and the editor that opens on them with the statistics behind each figure. */
import clsx from 'clsx'
import { Popover } from 'radix-ui'
import { useState, type FormEvent } from 'react'
import { Button } from '@/ui/Button'
import { shortcutOf } from '@/ui/keys'
import { goToWrongNumber, NumberField } from '@/ui/NumberField'
import { useCommonText } from '@/i18n/common'
import { formatNumber } from '@/i18n/format'
import { machineOf, type Operation, type Times } from '../store/operation'
import { useRouting } from '../store/routingStore'
import { useRoutingText } from '../texts'
import { KEPT_FROM_DRAGGING } from './keptFromDragging'
import { MachineField } from './MachineField'
import { TimeStatistics } from './TimeStatistics'

interface TimeEditorProps {
  operation: Operation
  name: string
  open: boolean
  onOpenChange: (open: boolean) => void
  /** Only the figures, for lists whose head names them. */
  oneLine?: boolean
}

const FIELDS = [
  ['setup', 'setup'],
  ['run', 'runTime'],
  ['wait', 'wait'],
] as const

export function TimeEditor({ operation, name, open, onOpenChange, oneLine = false }: TimeEditorProps) {
  const t = useRoutingText()
  return (
    <Popover.Root open={open} onOpenChange={onOpenChange}>
      <Popover.Trigger
        tabIndex={-1}
        {...KEPT_FROM_DRAGGING}
        className={clsx(
          'grid w-full grid-cols-3 gap-1 rounded-lg border border-transparent px-0.5 text-left text-[0.78rem] hover:border-line-strong hover:bg-white/60',
          !oneLine && 'mt-1 py-1',
        )}
      >
        <span className="sr-only">{t('editTimes', { name })}</span>
        {FIELDS.map(([key, label]) => (
          <span key={key} className="min-w-0">
            <span className={oneLine ? 'sr-only' : 'block text-muted'}>{t(label)}</span>
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
          className="card z-40 flex max-h-(--radix-popover-content-available-height) w-96 flex-col bg-[oklch(0.97_0.015_228)] p-4"
          onKeyDown={(event) => {
            // The keys of the canvas end here; Ctrl+S takes over what was written and saves.
            if (shortcutOf(event) !== 's') event.stopPropagation()
          }}
          aria-label={t('editTimes', { name })}
          data-saves=""
          data-editor=""
        >
          <TimeForm operation={operation} name={name} onDone={() => onOpenChange(false)} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}

/** A year: more is a slip of the keyboard. */
const MOST_MINUTES = 525_600

function TimeForm({ operation, name, onDone }: { operation: Operation; name: string; onDone: () => void }) {
  const t = useRoutingText()
  const common = useCommonText()
  const [times, setTimes] = useState<Times>({
    setup: operation.setup,
    run: operation.run,
    wait: operation.wait,
  })
  const [machine, setMachine] = useState(() => machineOf(operation))
  const set = (key: keyof Times, value: number | null) =>
    setTimes((current) => ({ ...current, [key]: value }))

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    if (goToWrongNumber(event.currentTarget)) return
    useRouting.getState().editTimes(operation.id, times)
    if (machine.code.trim() !== machineOf(operation).code)
      useRouting.getState().editMachine(operation.id, machine)
    onDone()
  }

  return (
    <form
      onSubmit={submit}
      noValidate
      className="flex min-h-0 flex-col"
      onKeyDown={(event) => {
        if (shortcutOf(event) !== 's') return
        event.preventDefault()
        if (event.repeat || goToWrongNumber(event.currentTarget)) event.stopPropagation()
        else event.currentTarget.requestSubmit()
      }}
    >
      <div className="mb-2 font-semibold text-heading">{name}</div>
      <div className="-mx-4 min-h-0 overflow-y-auto px-4 pb-1">
        <div className="grid grid-cols-3 gap-2">
          {FIELDS.map(([key, label]) => (
            <NumberField
              key={key}
              label={`${t(label)} (${common('minutes')})`}
              optional
              min={0}
              max={MOST_MINUTES}
              autoFocus={key === 'run'}
              value={times[key]}
              onFocus={(event) => event.target.select()}
              onChange={(value) => set(key, value)}
            />
          ))}
        </div>
        <MachineField operation={operation} value={machine} onChange={setMachine} />
        <TimeStatistics operation={operation} onUse={set} />
      </div>
      <div className="mt-3 flex shrink-0 justify-end gap-2">
        <Button size="sm" onClick={onDone}>
          {common('cancel')}
        </Button>
        <Button size="sm" type="submit" variant="primary">
          {common('apply')}
        </Button>
      </div>
    </form>
  )
}
