/** The real columns of a table of the source, to be dragged onto the internal ones. */
import { useDraggable } from '@dnd-kit/core'
import type { UseQueryResult } from '@tanstack/react-query'
import clsx from 'clsx'
import { useState } from 'react'
import type { SourceTable } from '@/api/mapping'
import { TextField } from '@/ui/Field'
import { QueryPanel } from '@/ui/PanelState'
import { useMappingText } from './texts'

export function SourceColumns({
  query,
  used,
}: {
  query: UseQueryResult<SourceTable>
  used: ReadonlySet<string>
}) {
  const t = useMappingText()
  const [filter, setFilter] = useState('')
  return (
    <aside aria-label={t('sourceColumns')}>
      <h3 className="text-[0.92rem]">{t('sourceColumns')}</h3>
      <p className="mb-2 text-[0.82rem] text-muted">{t('sourceColumnsHint')}</p>
      <TextField
        label={t('filter')}
        hideLabel
        type="search"
        placeholder={t('filter')}
        value={filter}
        onChange={(event) => setFilter(event.target.value)}
      />
      <div className="mt-2 max-h-[28rem] overflow-y-auto">
        <QueryPanel query={query} rows={6}>
          {(table) => (
            <ul className="flex flex-wrap gap-1.5 2xl:flex-col">
              {table.columns
                .filter((column) => column.name.toLowerCase().includes(filter.trim().toLowerCase()))
                .map((column) => (
                  <Chip
                    key={column.name}
                    name={column.name}
                    type={column.type}
                    used={used.has(column.name)}
                  />
                ))}
            </ul>
          )}
        </QueryPanel>
      </div>
    </aside>
  )
}

function Chip({ name, type, used }: { name: string; type: string; used: boolean }) {
  const { setNodeRef, listeners, isDragging } = useDraggable({ id: name })
  return (
    <li
      ref={setNodeRef}
      {...listeners}
      className={clsx(
        'tile cursor-grab touch-manipulation px-2 py-1 text-[0.84rem] select-none',
        isDragging && 'opacity-40',
        used && 'border-good/50',
      )}
    >
      {name} <span className="text-[0.76rem] text-muted">{type}</span>
    </li>
  )
}
