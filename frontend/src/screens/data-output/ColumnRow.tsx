/** One output column: source, name, type, format, and on demand its constant, default and checks. */
import { optionWord } from '@/i18n/optionWords'
import { useSortable } from '@dnd-kit/sortable'
import { CSS } from '@dnd-kit/utilities'
import { GripVertical, SlidersHorizontal, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { OutputColumn, OutputType } from '@/api/mapping'
import { IconButton } from '@/ui/Button'
import { TextField } from '@/ui/Field'
import { NumberField } from '@/ui/NumberField'
import { LongSelect } from '@/ui/LongSelect'
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

function ColumnDetails({
  column,
  readOnly,
  onChange,
}: Pick<ColumnRowProps, 'column' | 'readOnly' | 'onChange'>) {
  const t = useOutputText()
  const numeric = column.type === 'number' || column.type === 'integer'
  /** A constant or default of the column's type. */
  const typed = (text: string) =>
    numeric && text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text
  return (
    <fieldset disabled={readOnly} className="grid gap-3 sm:grid-cols-3 lg:grid-cols-6">
      {!column.source && (
        <TextField
          label={t('constant')}
          value={String(column.constant ?? '')}
          onChange={(event) => onChange({ constant: typed(event.target.value) })}
        />
      )}
      <TextField
        label={t('defaultValue')}
        value={String(column.default ?? '')}
        onChange={(event) =>
          onChange({ default: event.target.value === '' ? null : typed(event.target.value) })
        }
      />
      {numeric && (
        <>
          <NumberField
            label={t('minimum')}
            optional
            digits={6}
            value={column.minimum}
            onChange={(minimum) => onChange({ minimum })}
          />
          <NumberField
            label={t('maximum')}
            optional
            digits={6}
            value={column.maximum}
            onChange={(maximum) => onChange({ maximum })}
          />
        </>
      )}
      <NumberField
        label={t('maxLength')}
        optional
        min={1}
        digits={0}
        value={column.max_length}
        onChange={(length) => onChange({ max_length: length })}
      />
      <TextField
        className="sm:col-span-2"
        label={t('values')}
        value={column.values.join(', ')}
        onChange={(event) =>
          onChange({
            values: event.target.value
              .split(',')
              .map((value) => value.trim())
              .filter(Boolean),
          })
        }
      />
    </fieldset>
  )
}
