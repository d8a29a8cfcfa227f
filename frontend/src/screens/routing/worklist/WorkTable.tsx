/** The rows of the work list. */
import clsx from 'clsx'
import { ArrowDown, ArrowUp } from 'lucide-react'
import { memo, useEffect, useRef, type KeyboardEvent } from 'react'
import { Badge } from '@/ui/Card'
import { shortcutOf } from '@/ui/keys'
import { formatNumber } from '@/i18n/format'
import { useRouting } from '../store/routingStore'
import { useRoutingText } from '../texts'
import { Confidence, DifferenceText, Text, Warnings } from './cells'
import type { SortKey, WorkRow } from './rows'
import { moveBy } from './workActions'
import { changeView, select, toggleSelected, useWorkView } from './workView'

const COLUMNS: readonly { key: SortKey | null; text: string; className?: string }[] = [
  { key: 'state', text: 'column.state' },
  { key: 'code', text: 'column.code' },
  { key: 'name', text: 'column.name' },
  { key: null, text: 'column.drawing' },
  { key: null, text: 'column.spec' },
  { key: null, text: 'column.material' },
  { key: 'confidence', text: 'column.confidence', className: 'text-right!' },
  { key: 'attention', text: 'column.warnings' },
  { key: 'operations', text: 'column.operations', className: 'text-right!' },
  { key: 'minutes', text: 'column.minutes', className: 'text-right!' },
  { key: 'difference', text: 'column.difference' },
]

export function WorkTable({ rows }: { rows: readonly WorkRow[] }) {
  const t = useRoutingText()
  const { sort, descending } = useWorkView((state) => state.view)
  const selected = useWorkView((state) => state.selected)
  const activeCode = useRouting((state) => state.activeCode)
  const scroller = useRef<HTMLDivElement>(null)
  const allSelected = rows.length > 0 && rows.every((row) => selected.has(row.code))

  useEffect(() => {
    const row = scroller.current?.querySelector<HTMLElement>('tr[aria-current]')
    if (!row || !scroller.current) return
    // Only the list scrolls, not the page.
    const [top, bottom] = [row.offsetTop - 36, row.offsetTop + row.offsetHeight]
    const { scrollTop, clientHeight } = scroller.current
    if (top < scrollTop) scroller.current.scrollTop = top
    else if (bottom > scrollTop + clientHeight) scroller.current.scrollTop = bottom - clientHeight
  }, [activeCode])

  const onKeyDown = (event: KeyboardEvent) => {
    const step = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: 10,
      PageUp: -10,
      Home: -rows.length,
      End: rows.length,
    }[event.key]
    if (step !== undefined) moveBy(rows, step)
    else if (event.key === ' ' && event.target === event.currentTarget && activeCode)
      toggleSelected(activeCode)
    else if (shortcutOf(event) === 'a') select(rows.map((row) => row.code))
    else if (event.key === 'Escape') select([])
    else return
    event.preventDefault()
  }

  return (
    <div
      ref={scroller}
      tabIndex={0}
      role="group"
      aria-label={t('workTable')}
      onKeyDown={onKeyDown}
      className="relative max-h-[17rem] overflow-auto rounded-xl border border-line"
    >
      <table className="data-table [&_td]:py-1!">
        <thead className="sticky top-0 z-10 bg-[oklch(0.95_0.025_228)]">
          <tr>
            <th scope="col" className="w-8">
              <input
                type="checkbox"
                className="size-4 accent-fill"
                aria-label={t('selectAll')}
                checked={allSelected}
                onChange={() => select(allSelected ? [] : rows.map((row) => row.code))}
              />
            </th>
            {COLUMNS.map(({ key, text, className }) => {
              const label = t(text as 'column.state')
              const sorted = key !== null && key === sort
              const Arrow = descending ? ArrowDown : ArrowUp
              return (
                <th
                  key={text}
                  scope="col"
                  className={className}
                  aria-sort={sorted ? (descending ? 'descending' : 'ascending') : undefined}
                >
                  {key === null ? (
                    label
                  ) : (
                    <button
                      type="button"
                      className="inline-flex items-center gap-1 font-semibold hover:text-accent-ink"
                      onClick={() => changeView({ sort: key, descending: sorted && !descending })}
                    >
                      {label}
                      {sorted && <Arrow className="size-3" aria-hidden />}
                    </button>
                  )}
                </th>
              )
            })}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row
              key={row.code}
              row={row}
              active={row.code === activeCode}
              selected={selected.has(row.code)}
            />
          ))}
        </tbody>
      </table>
    </div>
  )
}

const STATE_TONES = { open: 'plain', reviewed: 'accent', saved: 'good', sent: 'good' } as const

const Row = memo(function Row({
  row,
  active,
  selected,
}: {
  row: WorkRow
  active: boolean
  selected: boolean
}) {
  const t = useRoutingText()
  const { facts } = row
  return (
    <tr
      aria-current={active || undefined}
      data-row={row.code}
      data-state={row.state}
      onClick={() => useRouting.getState().activateItem(row.code)}
      className={clsx(
        'cursor-pointer',
        active ? 'bg-accent-soft' : selected ? 'bg-accent-soft/50' : 'hover:bg-white/50',
      )}
    >
      <td onClick={(event) => event.stopPropagation()}>
        <input
          type="checkbox"
          className="size-4 accent-fill"
          aria-label={t('selectItem', { code: row.code })}
          checked={selected}
          onChange={() => toggleSelected(row.code)}
        />
      </td>
      <td className="whitespace-nowrap">
        <Badge tone={STATE_TONES[row.state]}>{t(`state.${row.state}`)}</Badge>
        {row.edited && (
          <span className="ml-1 inline-block size-2 rounded-full bg-fill" title={t('unsaved')} />
        )}
      </td>
      <td className="whitespace-nowrap">
        <button
          type="button"
          tabIndex={-1}
          className="max-w-56 truncate align-bottom font-semibold text-accent-ink"
          title={row.code}
          onClick={() => useRouting.getState().activateItem(row.code)}
        >
          {row.code}
        </button>
      </td>
      <Text value={facts?.item_name} />
      <Text value={facts?.drawing && [facts.drawing, facts.revision].filter(Boolean).join(' ')} />
      <Text value={facts?.spec} />
      <Text value={facts?.material} />
      <td className="text-right tabular-nums">
        <Confidence value={row.confidence} />
      </td>
      <td>
        <Warnings row={row} />
      </td>
      <td className="text-right tabular-nums">{formatNumber(row.operations, 0)}</td>
      <td className="text-right tabular-nums">{formatNumber(row.minutes)}</td>
      <td className="whitespace-nowrap">
        <DifferenceText difference={row.difference} />
      </td>
    </tr>
  )
})
