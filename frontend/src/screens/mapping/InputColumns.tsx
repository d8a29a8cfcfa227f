/** The internal columns of one table: each with its source, unit, default and what the check found. */
import { noticeText } from '@/i18n/notices'
import { useDroppable } from '@dnd-kit/core'
import clsx from 'clsx'
import { listOf, type CheckedColumn, type InputColumn, type SourceTable } from '@/api/mapping'
import { Badge } from '@/ui/Card'
import { LongSelect } from '@/ui/LongSelect'
import { formatPercent } from '@/i18n/format'
import { useRowsToShow } from '@/ui/useRowsToShow'
import { useMappingText } from './texts'

const UNITS = ['MM', 'CM', 'M', 'INCH', 'SEC', 'MIN', 'H', 'DAY']

interface InputColumnsProps {
  columns: readonly InputColumn[]
  checked: readonly CheckedColumn[]
  found: SourceTable['columns']
  readOnly: boolean
  onChange: (internal: string, change: Partial<InputColumn>) => void
}

export function InputColumns({ columns, checked, found, readOnly, onChange }: InputColumnsProps) {
  const t = useMappingText()
  const shown = useRowsToShow(columns.length)
  return (
    <div className="max-h-[34rem] overflow-auto" tabIndex={0} role="group" aria-label={t('internal')}>
      <table className="data-table">
        <thead className="sticky top-0 z-10 bg-[oklch(0.95_0.025_228)]">
          <tr>
            <th scope="col">{t('internal')}</th>
            <th scope="col">{t('source')}</th>
            <th scope="col">{t('type')}</th>
            <th scope="col">{t('unit')}</th>
            <th scope="col">{t('defaultValue')}</th>
            <th scope="col">{t('required')}</th>
            <th scope="col">{t('status')}</th>
          </tr>
        </thead>
        <tbody>
          {columns.slice(0, shown).map((column) => (
            <Row
              key={column.internal}
              column={column}
              check={checked.find((one) => one.internal === column.internal)}
              found={found}
              readOnly={readOnly}
              onChange={(change) => onChange(column.internal, change)}
            />
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface RowProps {
  column: InputColumn
  check: CheckedColumn | undefined
  found: SourceTable['columns']
  readOnly: boolean
  onChange: (change: Partial<InputColumn>) => void
}

function Row({ column, check, found, readOnly, onChange }: RowProps) {
  const t = useMappingText()
  const { setNodeRef, isOver } = useDroppable({ id: column.internal, disabled: readOnly })
  const real = found.find((one) => one.name === column.source)
  const examples = listOf(check?.examples ?? real?.examples).slice(0, 3)
  const nullShare = check?.null_share ?? real?.null_share
  const label = (what: string) => `${column.internal} ${what}`
  return (
    <tr ref={setNodeRef} className={clsx(isOver && 'bg-accent-soft')}>
      <th scope="row" className="font-medium!">
        {column.internal}
      </th>
      <td>
        <LongSelect
          className="min-w-36"
          aria-label={label(t('source'))}
          disabled={readOnly}
          value={column.source}
          names={found.map((one) => one.name)}
          empty={t('notMapped')}
          onChange={(event) => onChange({ source: event.target.value })}
        />
      </td>
      <td className="text-[0.8rem]">{column.type}</td>
      <td>
        {column.type === 'NUMBER' ? (
          <select
            className="field py-1!"
            aria-label={label(t('unit'))}
            disabled={readOnly}
            value={column.unit ?? ''}
            onChange={(event) => onChange({ unit: event.target.value || null })}
          >
            <option value="">–</option>
            {UNITS.map((unit) => (
              <option key={unit}>{unit}</option>
            ))}
          </select>
        ) : (
          '–'
        )}
      </td>
      <td>
        <input
          className="field w-24 py-1!"
          aria-label={label(t('defaultValue'))}
          disabled={readOnly}
          value={column.default === null ? '' : String(column.default)}
          onChange={(event) => onChange({ default: defaultOf(event.target.value, column.type) })}
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
      <td className="max-w-64 text-[0.82rem]">
        {check?.problem ? (
          <span className="text-bad">{noticeText(check.problem, check.notice)}</span>
        ) : !column.source ? (
          <Badge>{t('notMapped')}</Badge>
        ) : found.length > 0 && !real ? (
          <Badge tone="bad">{t('missing')}</Badge>
        ) : (
          <Badge tone="good">✓ {t('mapped')}</Badge>
        )}
        {nullShare != null && (
          <span className="ml-1 text-muted">{t('nullShare', { share: formatPercent(nullShare, 1) })}</span>
        )}
        {examples.length > 0 && (
          <span
            className="block truncate text-muted"
            title={examples.join(' · ')}
          >{`${t('examples')}: ${examples.join(' · ')}`}</span>
        )}
      </td>
    </tr>
  )
}

/** Numbers stay numbers; an empty text is no default. */
function defaultOf(text: string, type: InputColumn['type']): InputColumn['default'] {
  if (text === '') return null
  const number = Number(text)
  return (type === 'NUMBER' || type === 'INTEGER') &&
    Number.isFinite(number) &&
    text.trim() === String(number)
    ? number
    : text
}
