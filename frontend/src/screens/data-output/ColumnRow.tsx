/** One output column: source, name, type, format, and on demand its constant, default and checks. */
import { optionWord } from '@/i18n/optionWords'
import { useSortable } from '@dnd-kit/sortable'
import { CSS } from '@dnd-kit/utilities'
import { GripVertical, SlidersHorizontal, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { OutputColumn, OutputType } from '@/api/mapping'
import { IconButton } from '@/ui/Button'
import { LongSelect } from '@/ui/LongSelect'
import { ColumnDetails } from './ColumnDetails'
import { useOutputText } from './texts'

const TYPES: readonly OutputType[] = ['text', 'number', 'integer', 'date', 'datetime', 'boolean']
const FORMATS: Record<OutputType, string[]> = {
  text: ['upper', 'lower', 'trim'],
  number: ['0', '0.0', '0.00', '#,##0.00'],
  integer: ['0', '0000', '#,##0'],
  date: ['%Y-%m-%d', '%Y%m%d'],
  datetime: ['%Y-%m-%d %H:%M:%S', '%Y%m%d%H%M%S'],
  boolean: ['Y/N', '1/0', 'true/false'],
}

/** The usual formats of each type, which the rows' fields suggest. */
export function FormatSuggestions() {
  return TYPES.map((type) => (
    <datalist key={type} id={`formats-${type}`}>
      {FORMATS[type].map((format) => (
        <option key={format} value={format} />
      ))}
    </datalist>
  ))
}

interface ColumnRowProps {
  id: string
  column: OutputColumn
  available: readonly string[]
  aliases: readonly string[]
  readOnly: boolean
  onChange: (values: Partial<OutputColumn>) => void
  onRemove: () => void
}

export function ColumnRow({ id, column, available, aliases, readOnly, onChange, onRemove }: ColumnRowProps) {
  const t = useOutputText()
  const [open, setOpen] = useState(false)
  const { setNodeRef, attributes, listeners, transform, transition } = useSortable({
    id,
    disabled: readOnly,
    attributes: { roleDescription: t('sortable') },
  })
  const label = (what: string) => `${column.name}: ${what}`

  return (
    <tbody ref={setNodeRef} style={{ transform: CSS.Translate.toString(transform), transition }}>
      <tr>
        <td className="w-8">
          {!readOnly && (
            <button
              type="button"
              {...attributes}
              {...listeners}
              aria-label={t('moveColumn', { name: column.name })}
              className="cursor-grab touch-none rounded p-1 text-muted hover:bg-accent-soft"
            >
              <GripVertical className="size-4" aria-hidden />
            </button>
          )}
        </td>
        <td>
          <LongSelect
            className="min-w-40"
            aria-label={label(t('source'))}
            disabled={readOnly}
            value={column.source}
            names={[...available, ...aliases]}
            empty={t('useConstant')}
            onChange={(event) =>
              onChange(
                event.target.value
                  ? { source: event.target.value, constant: null }
                  : { source: '', constant: column.constant ?? '' },
              )
            }
          />
        </td>
        <td>
          <input
            className="field min-w-36 py-1!"
            aria-label={label(t('mapped'))}
            maxLength={128}
            disabled={readOnly}
            value={column.name}
            onChange={(event) => onChange({ name: event.target.value })}
          />
        </td>
        <td>
          <select
            className="field py-1!"
            aria-label={label(t('type'))}
            disabled={readOnly}
            value={column.type}
            onChange={(event) => onChange({ type: event.target.value as OutputType, format: '' })}
          >
            {TYPES.map((type) => (
              <option key={type} value={type}>
                {optionWord(type)}
              </option>
            ))}
          </select>
        </td>
        <td>
          <input
            className="field w-28 py-1!"
            aria-label={label(t('format'))}
            list={`formats-${column.type}`}
            disabled={readOnly}
            value={column.format}
            onChange={(event) => onChange({ format: event.target.value })}
          />
        </td>
        <td>
          <input
            type="checkbox"
            className="size-4 accent-fill"
            aria-label={label(t('required'))}
            disabled={readOnly}
            checked={column.required}
            onChange={(event) => onChange({ required: event.target.checked })}
          />
        </td>
        <td className="whitespace-nowrap">
          <IconButton
            icon={SlidersHorizontal}
            label={t('details', { name: column.name })}
            aria-expanded={open}
            onClick={() => setOpen(!open)}
          />
          {!readOnly && (
            <IconButton icon={Trash2} label={t('removeColumn', { name: column.name })} onClick={onRemove} />
          )}
        </td>
      </tr>
      {open && (
        <tr>
          <td />
          <td colSpan={6}>
            <ColumnDetails column={column} readOnly={readOnly} onChange={onChange} />
          </td>
        </tr>
      )}
    </tbody>
  )
}
