/** The features of the plant: what kind each is, what people call it, how much it counts, where it stands in the hierarchy. */
import { Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { Feature, FeatureKind, InputProfile, SourceTable } from '@/api/mapping'
import { Button, IconButton } from '@/ui/Button'
import { LongSelect } from '@/ui/LongSelect'
import { NumberField } from '@/ui/NumberField'
import { TextField } from '@/ui/Field'
import { useRowsToShow } from '@/ui/useRowsToShow'
import { KINDS, levelOf, MOST_LEVELS, withChange, withFeature, withLevel, withoutFeature } from './schemaEdit'
import { useMappingText } from './texts'

interface Props {
  profile: InputProfile
  found: SourceTable['columns']
  readOnly: boolean
  onChange: (change: Partial<InputProfile>) => void
}

export function SchemaFeatures({ profile, found, readOnly, onChange }: Props) {
  const t = useMappingText()
  const [source, setSource] = useState('')
  const { schema } = profile
  const shown = useRowsToShow(schema.features.length)
  const units = schema.features.filter((one) => one.kind === 'category').map((one) => one.name)
  return (
    <>
      <div className="mb-3 grid gap-3 md:grid-cols-3">
        {(['name', 'label_ko', 'label'] as const).map((field) => (
          <TextField
            key={field}
            label={t(`plant.${field}`)}
            maxLength={field === 'name' ? 100 : 200}
            disabled={readOnly}
            value={schema[field] ?? ''}
            onChange={(event) => onChange({ schema: { ...schema, [field]: event.target.value } })}
          />
        ))}
      </div>
      {!readOnly && (
        <div className="mb-3 flex flex-wrap items-end gap-2">
          <label className="flex flex-col gap-1 text-[0.88rem] font-medium text-heading">
            {t('featureFrom')}
            <LongSelect
              className="min-w-52"
              aria-label={t('featureFrom')}
              value={source}
              names={found.map((one) => one.name)}
              empty="–"
              onChange={(event) => setSource(event.target.value)}
            />
          </label>
          <Button
            icon={Plus}
            disabled={!source}
            onClick={() => {
              onChange(withFeature(profile, source, found.find((one) => one.name === source)?.type ?? 'TEXT'))
              setSource('')
            }}
          >
            {t('addFeature')}
          </Button>
        </div>
      )}
      <div className="max-h-[34rem] overflow-auto" tabIndex={0} role="group" aria-label={t('features')}>
        <table className="data-table">
          <thead className="sticky top-0 z-10 bg-[oklch(0.95_0.025_228)]">
            <tr>
              {(
                [
                  'feature',
                  'kind',
                  'labelKo',
                  'labelEn',
                  'weight',
                  'takesPart',
                  'unitFrom',
                  'group',
                  'level',
                ] as const
              ).map((name) => (
                <th key={name} scope="col">
                  {t(name)}
                </th>
              ))}
              <th />
            </tr>
          </thead>
          <tbody>
            {schema.features.slice(0, shown).map((feature, position) => (
              <Row
                key={`${feature.name} ${position}`}
                feature={feature}
                units={units}
                level={levelOf(profile, feature.name)}
                readOnly={readOnly}
                onChange={(change) => onChange(withChange(profile, feature.name, change))}
                onLevel={(level) => onChange(withLevel(profile, feature.name, level))}
                onRemove={() => onChange(withoutFeature(profile, feature.name))}
              />
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}

interface RowProps {
  feature: Feature
  units: readonly string[]
  level: number
  readOnly: boolean
  onChange: (change: Partial<Feature>) => void
  onLevel: (level: number) => void
  onRemove: () => void
}

function Row({ feature, units, level, readOnly, onChange, onLevel, onRemove }: RowProps) {
  const t = useMappingText()
  const named = (what: string) => `${feature.name} ${what}`
  const text = (field: 'label' | 'label_ko' | 'group', what: string) => (
    <input
      className="field w-28 py-1!"
      aria-label={named(what)}
      maxLength={200}
      disabled={readOnly}
      value={feature[field] ?? ''}
      onChange={(event) => onChange({ [field]: event.target.value })}
    />
  )
  return (
    <tr>
      <th scope="row" className="font-medium!">
        {feature.name}
      </th>
      <td>
        <select
          className="field py-1!"
          aria-label={named(t('kind'))}
          disabled={readOnly}
          value={feature.kind}
          onChange={(event) => onChange({ kind: event.target.value as FeatureKind })}
        >
          {KINDS.map((kind) => (
            <option key={kind} value={kind}>
              {t(`kind.${kind}`)}
            </option>
          ))}
        </select>
      </td>
      <td>{text('label_ko', t('labelKo'))}</td>
      <td>{text('label', t('labelEn'))}</td>
      <td>
        <NumberField
          className="w-24"
          label={named(t('weight'))}
          hideLabel
          hint=""
          min={0}
          max={1000}
          disabled={readOnly}
          value={feature.weight ?? 1}
          onChange={(weight) => onChange({ weight: weight ?? 0 })}
        />
      </td>
      <td>
        <input
          type="checkbox"
          className="size-4 accent-fill"
          aria-label={named(t('takesPart'))}
          disabled={readOnly}
          checked={feature.active ?? true}
          onChange={(event) => onChange({ active: event.target.checked })}
        />
      </td>
      <td>
        {feature.kind === 'size' ? (
          <select
            className="field py-1!"
            aria-label={named(t('unitFrom'))}
            disabled={readOnly}
            value={feature.unit_from ?? ''}
            onChange={(event) => onChange({ unit_from: event.target.value || undefined })}
          >
            <option value="">–</option>
            {[...new Set([...units, feature.unit_from ?? ''])].filter(Boolean).map((unit) => (
              <option key={unit}>{unit}</option>
            ))}
          </select>
        ) : (
          '–'
        )}
      </td>
      <td>{text('group', t('group'))}</td>
      <td>
        <select
          className="field py-1!"
          aria-label={named(t('level'))}
          disabled={readOnly}
          value={level}
          onChange={(event) => onLevel(Number(event.target.value))}
        >
          <option value={0}>–</option>
          {Array.from({ length: MOST_LEVELS }, (_, index) => (
            <option key={index} value={index + 1}>
              {index + 1}
            </option>
          ))}
        </select>
      </td>
      <td>
        {!readOnly && <IconButton icon={Trash2} label={named(t('removeFeature'))} onClick={onRemove} />}
      </td>
    </tr>
  )
}
