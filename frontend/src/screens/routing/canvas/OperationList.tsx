/** A long routing as a list: an operation a line, many of them in sight. */
import { ArrowDown, ArrowUp, Trash2 } from 'lucide-react'
import { memo, useState, type KeyboardEvent } from 'react'
import { flushSync } from 'react-dom'
import { IconButton } from '@/ui/Button'
import { machineOf, type Operation } from '../store/operation'
import type { RoutingDocument } from '../store/routingDocument'
import { useRouting } from '../store/routingStore'
import { routingText, useRoutingText } from '../texts'
import { Confidence } from '../worklist/cells'
import type { Change } from '../worklist/difference'
import { announce } from './announce'
import { TimeEditor } from './TimeEditor'
import { useChanges } from './useChanges'

export function OperationList({ document }: { document: RoutingDocument }) {
  const t = useRoutingText()
  const changes = useChanges(document)
  const selectedId = useRouting((state) => state.selectedId)
  const operations = document.operations.present
  return (
    <div
      tabIndex={0}
      role="group"
      aria-label={t('view.list')}
      className="max-h-[42rem] overflow-auto rounded-xl border border-line"
    >
      <table className="data-table [&_td]:py-0.5!">
        <thead className="sticky top-0 z-10 bg-[oklch(0.95_0.025_228)]">
          <tr>
            {(
              [
                'no',
                'processCode',
                'processName',
                'machine',
                'column.confidence',
                'change',
                'times',
                'order',
              ] as const
            ).map((column) => (
              <th key={column} scope="col">
                {t(column)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {operations.map((operation, position) => (
            <Line
              key={operation.id}
              operation={operation}
              position={position}
              last={position === operations.length - 1}
              selected={operation.id === selectedId}
              change={changes?.get(operation.id)}
            />
          ))}
        </tbody>
      </table>
    </div>
  )
}

const Line = memo(function Line({
  operation,
  position,
  last,
  selected,
  change,
}: {
  operation: Operation
  position: number
  last: boolean
  selected: boolean
  change: Change | undefined
}) {
  const t = useRoutingText()
  const [editing, setEditing] = useState(false)
  const { select, move, remove } = useRouting.getState()
  const name = `${operation.code} ${operation.name}`.trim()
  const machine = machineOf(operation)
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (event.target !== event.currentTarget) return
    const row = event.currentTarget
    const beside = { ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling }[event.key]
    if (event.key === 'Enter') setEditing(true)
    else if (event.key === 'Delete' || event.key === 'Backspace') {
      const next = row.nextElementSibling ?? row.previousElementSibling
      flushSync(() => remove(operation.id))
      if (next instanceof HTMLElement) next.focus()
      announce(routingText('removed', { name }))
    } else if (!event.altKey && beside instanceof HTMLElement) beside.focus()
    else if (event.altKey && event.key === 'ArrowUp') move(operation.id, position - 1)
    else if (event.altKey && event.key === 'ArrowDown') move(operation.id, position + 1)
    else return
    event.preventDefault()
  }
  return (
    <tr
      data-line={operation.id}
      tabIndex={0}
      aria-current={selected || undefined}
      onFocus={() => select(operation.id)}
      onClick={() => select(operation.id)}
      onKeyDown={onKeyDown}
      className={selected ? 'bg-accent-soft' : 'hover:bg-white/50'}
    >
      <td className="tabular-nums">{position + 1}</td>
      <td className="font-semibold text-heading">{operation.code || '–'}</td>
      <td className="max-w-72 truncate" title={operation.name}>
        <bdi>{operation.name || '–'}</bdi>
      </td>
      <td title={machine.name}>{machine.code || '–'}</td>
      <td>
        <Confidence value={operation.statistics?.belief ?? null} />
      </td>
      <td>{change && change !== 'same' ? t(`change.${change}`) : ''}</td>
      <td className="w-52">
        <TimeEditor operation={operation} name={name} open={editing} onOpenChange={setEditing} oneLine />
      </td>
      <td className="whitespace-nowrap">
        <IconButton
          icon={ArrowUp}
          label={t('moveUp', { name })}
          disabled={position === 0}
          onClick={() => move(operation.id, position - 1)}
        />
        <IconButton
          icon={ArrowDown}
          label={t('moveDown', { name })}
          disabled={last}
          onClick={() => move(operation.id, position + 1)}
        />
        <IconButton
          icon={Trash2}
          label={t('removeOperation', { name })}
          onClick={() => remove(operation.id)}
        />
      </td>
    </tr>
  )
})
