/** The output columns in their order; rows are moved by their handle. */
import {
  closestCenter,
  DndContext,
  KeyboardSensor,
  PointerSensor,
  useSensor,
  useSensors,
  type DragCancelEvent,
  type DragEndEvent,
  type DragOverEvent,
  type DragStartEvent,
} from '@dnd-kit/core'
import {
  arrayMove,
  SortableContext,
  sortableKeyboardCoordinates,
  verticalListSortingStrategy,
} from '@dnd-kit/sortable'
import { Plus } from 'lucide-react'
import type { OutputColumn, OutputProfile } from '@/api/mapping'
import { ActionsHead } from '@/ui/ActionsHead'
import { Button } from '@/ui/Button'
import { useRowsToShow } from '@/ui/useRowsToShow'
import { ColumnRow, FormatSuggestions } from './ColumnRow'
import { useOutputText } from './texts'

interface ColumnTableProps {
  profile: OutputProfile
  available: readonly string[]
  readOnly: boolean
  onChange: (change: Partial<OutputProfile>) => void
}

export function newColumn(source: string, taken: ReadonlySet<string>): OutputColumn {
  let name = source || 'COLUMN'
  for (let number = 2; taken.has(name); number++) name = `${source || 'COLUMN'}_${number}`
  return {
    name,
    source,
    constant: source ? null : '',
    type: 'text',
    format: '',
    default: null,
    required: false,
    minimum: null,
    maximum: null,
    max_length: null,
    values: [],
  }
}

export function ColumnTable({ profile, available, readOnly, onChange }: ColumnTableProps) {
  const t = useOutputText()
  const sensors = useSensors(
    useSensor(PointerSensor, { activationConstraint: { distance: 4 } }),
    useSensor(KeyboardSensor, { coordinateGetter: sortableKeyboardCoordinates }),
  )
  const columns = profile.columns
  const shown = useRowsToShow(columns.length)
  // Names may be edited into duplicates for a moment, so rows go by their place.
  const ids = columns.map((_, index) => `row-${index}`)
  const change = (index: number, values: Partial<OutputColumn>) =>
    onChange({
      columns: columns.map((column, position) => (position === index ? { ...column, ...values } : column)),
    })
  const onDragEnd = ({ active, over }: DragEndEvent) => {
    if (over && active.id !== over.id)
      onChange({ columns: arrayMove(columns, ids.indexOf(String(active.id)), ids.indexOf(String(over.id))) })
  }
  const nameOf = (id: string | number) => columns[ids.indexOf(String(id))]?.name ?? ''
  const placeOf = (id: string | number | undefined) => ids.indexOf(String(id)) + 1
  /** What screen readers hear of the dragging. */
  const spoken = {
    screenReaderInstructions: { draggable: t('sortHelp') },
    announcements: {
      onDragStart: ({ active }: DragStartEvent) => t('lifted', { name: nameOf(active.id) }),
      onDragOver: ({ active, over }: DragOverEvent) =>
        over ? t('movedOver', { name: nameOf(active.id), position: placeOf(over.id) }) : undefined,
      onDragEnd: ({ active, over }: DragEndEvent) =>
        t('dropped', { name: nameOf(active.id), position: placeOf(over?.id ?? active.id) }),
      onDragCancel: ({ active }: DragCancelEvent) => t('moveCancelled', { name: nameOf(active.id) }),
    },
  }
  const taken = new Set(columns.map((column) => column.name))
  const missing = available.filter((name) => !columns.some((column) => column.source === name))

  return (
    <>
      <div className="max-h-[32rem] overflow-auto" tabIndex={0} role="group" aria-label={t('mapping')}>
        <DndContext
          sensors={sensors}
          collisionDetection={closestCenter}
          onDragEnd={onDragEnd}
          accessibility={spoken}
        >
          <table className="data-table">
            <thead className="sticky top-0 z-10 bg-[oklch(0.95_0.025_228)]">
              <tr>
                <ActionsHead />
                <th scope="col">{t('source')}</th>
                <th scope="col">{t('mapped')}</th>
                <th scope="col">{t('type')}</th>
                <th scope="col">{t('format')}</th>
                <th scope="col">{t('required')}</th>
                <ActionsHead />
              </tr>
            </thead>
            <SortableContext items={ids} strategy={verticalListSortingStrategy}>
              {columns.slice(0, shown).map((column, index) => (
                <ColumnRow
                  key={ids[index]}
                  id={ids[index] ?? ''}
                  column={column}
                  available={available}
                  aliases={Object.keys(profile.aliases ?? {})}
                  readOnly={readOnly}
                  onChange={(values) => change(index, values)}
                  onRemove={() => onChange({ columns: columns.filter((_, position) => position !== index) })}
                />
              ))}
            </SortableContext>
          </table>
        </DndContext>
      </div>
      <FormatSuggestions />
      <div className="mt-3 flex flex-wrap items-center gap-2">
        <span className="text-[0.86rem] text-muted">{t('columnsCount', { count: columns.length })}</span>
        {!readOnly && (
          <>
            <Button
              size="sm"
              icon={Plus}
              onClick={() => onChange({ columns: [...columns, newColumn(missing[0] ?? '', taken)] })}
            >
              {t('addColumn')}
            </Button>
            {missing.length > 0 && (
              <Button
                size="sm"
                onClick={() =>
                  onChange({ columns: [...columns, ...missing.map((name) => newColumn(name, taken))] })
                }
              >
                {t('addAll')} ({missing.length})
              </Button>
            )}
          </>
        )}
      </div>
    </>
  )
}
