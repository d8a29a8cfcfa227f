/** What is seldom changed of an output column: its constant, default, limits and admitted values. */
import { useState } from 'react'
import type { OutputColumn, OutputType } from '@/api/mapping'
import { TextField } from '@/ui/Field'
import { NumberField } from '@/ui/NumberField'
import { useOutputText } from './texts'

interface ColumnDetailsProps {
  column: OutputColumn
  readOnly: boolean
  onChange: (values: Partial<OutputColumn>) => void
}

export function ColumnDetails({ column, readOnly, onChange }: ColumnDetailsProps) {
  const t = useOutputText()
  const numeric = column.type === 'number' || column.type === 'integer'
  return (
    <fieldset disabled={readOnly} className="grid gap-3 sm:grid-cols-3 lg:grid-cols-6">
      {!column.source && (
        <ValueField
          label={t('constant')}
          type={column.type}
          value={column.constant}
          onChange={(constant) => onChange({ constant: constant ?? '' })}
        />
      )}
      <ValueField
        label={t('defaultValue')}
        type={column.type}
        value={column.default}
        onChange={(value) => onChange({ default: value })}
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
      <ListField
        className="sm:col-span-2"
        label={t('values')}
        values={column.values}
        onChange={(values) => onChange({ values })}
      />
    </fieldset>
  )
}

/** A constant or default of the column's type; a text that was there before the type became a number is shown as it is. */
function ValueField({
  label,
  type,
  value,
  onChange,
}: {
  label: string
  type: OutputType
  value: OutputColumn['constant']
  onChange: (value: string | number | null) => void
}) {
  const numeric = type === 'number' || type === 'integer'
  const empty = value === null || String(value).trim() === ''
  if (numeric && (empty || Number.isFinite(Number(value))))
    return (
      <NumberField
        label={label}
        optional
        digits={type === 'integer' ? 0 : 6}
        value={empty ? null : Number(value)}
        onChange={onChange}
      />
    )
  return (
    <TextField
      label={label}
      value={String(value ?? '')}
      onChange={(event) => onChange(event.target.value === '' ? null : event.target.value)}
    />
  )
}

function entries(text: string): string[] {
  return text
    .split(',')
    .map((value) => value.trim())
    .filter(Boolean)
}

/** A list with commas between its entries; what is being written stays as it is written. */
function ListField({
  label,
  className,
  values,
  onChange,
}: {
  label: string
  className: string
  values: readonly string[]
  onChange: (values: string[]) => void
}) {
  const [typed, setTyped] = useState('')
  const same = JSON.stringify(entries(typed)) === JSON.stringify(values)
  return (
    <TextField
      className={className}
      label={label}
      value={same ? typed : values.join(', ')}
      onChange={(event) => {
        setTyped(event.target.value)
        onChange(entries(event.target.value))
      }}
    />
  )
}
