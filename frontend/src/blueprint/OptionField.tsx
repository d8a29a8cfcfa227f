/** One option of a node, drawn by its JSON schema. An option that is not set keeps its default. */
import { useState } from 'react'
import type { OptionSchema } from '@/api/blueprint'
import { CheckField, SelectField, TextArea, TextField } from '@/ui/Field'
import { featureLabel } from '@/api/plant'
import { NumberField } from '@/ui/NumberField'
import { rangeText, writtenNumber } from '@/ui/numbers'
import { currentLanguage } from '@/i18n'
import { optionWord } from '@/i18n/optionWords'
import { useBlueprintText } from './texts'

interface OptionFieldProps {
  name: string
  schema: OptionSchema
  required: boolean
  readOnly: boolean
  value: unknown
  /** undefined goes back to the default. */
  onChange: (value: unknown) => void
}

function words(schema: OptionSchema, name: string) {
  const ko = currentLanguage() === 'ko'
  return {
    title: (ko ? schema['x-title-ko'] : schema.title) ?? schema.title ?? name,
    help: (ko ? schema['x-description-ko'] : schema.description) ?? schema.description,
  }
}

export function OptionField(props: OptionFieldProps) {
  const t = useBlueprintText()
  const { name, schema, required, readOnly, value, onChange } = props
  const { title, help } = words(schema, name)
  const fallback = schema.default
  const label = required ? `${title} *` : title
  const byDefault = schema['x-setting'] ? 'useSetting' : 'useDefault'
  const defaultText = fallback === null || fallback === undefined || fallback === '' ? '–' : String(fallback)

  if (schema.type === 'object') return <MapField {...props} title={title} help={help} />
  if (schema.type === 'array') return <ListField {...props} title={title} help={help} />
  if (schema.type === 'boolean') {
    return (
      <CheckField
        label={label}
        hint={help}
        disabled={readOnly}
        checked={Boolean(value ?? fallback)}
        onChange={(event) => onChange(event.target.checked)}
      />
    )
  }
  if (schema.enum) {
    return (
      <SelectField
        label={label}
        hint={help}
        disabled={readOnly}
        value={value === undefined ? '' : String(value)}
        options={[
          { value: '', label: t(byDefault, { value: optionWord(defaultText) }) },
          ...schema.enum.map((one) => ({ value: one, label: optionWord(one) })),
        ]}
        onChange={(event) => onChange(event.target.value || undefined)}
      />
    )
  }
  if (schema.type === 'number' || schema.type === 'integer') {
    // A share is written as percent, as everywhere else on the screens.
    const share = schema.type === 'number' && schema.minimum === 0 && schema.maximum === 1
    const shownDefault =
      typeof fallback === 'number' ? writtenNumber(share ? fallback * 100 : fallback, 6) : '–'
    return (
      <NumberField
        label={share ? `${label} (%)` : label}
        hint={[help, rangeText(share ? { min: 0, max: 100 } : { min: schema.minimum, max: schema.maximum })]
          .filter(Boolean)
          .join(' · ')}
        disabled={readOnly}
        optional
        percent={share}
        min={share ? 0 : schema.minimum}
        max={share ? 100 : schema.maximum}
        digits={schema.type === 'integer' ? 0 : 6}
        placeholder={t(byDefault, { value: shownDefault })}
        value={typeof value === 'number' ? value : null}
        onChange={(next) => onChange(next ?? undefined)}
      />
    )
  }
  const text = {
    label,
    hint: help,
    disabled: readOnly,
    maxLength: schema.maxLength,
    placeholder: t(byDefault, { value: defaultText }),
    value: typeof value === 'string' ? value : '',
  }
  return schema.format === 'textarea' ? (
    <TextArea {...text} rows={4} onChange={(event) => onChange(event.target.value || undefined)} />
  ) : (
    <TextField {...text} onChange={(event) => onChange(event.target.value || undefined)} />
  )
}

type Described = OptionFieldProps & { title: string; help: string | undefined }

function Filtered({
  names,
  children,
}: {
  names: readonly string[]
  children: (shown: readonly string[]) => React.ReactNode
}) {
  const t = useBlueprintText()
  const [filter, setFilter] = useState('')
  const wanted = filter.trim().toLowerCase()
  return (
    <>
      {names.length > 10 && (
        <TextField
          label={t('search2')}
          hideLabel
          type="search"
          placeholder={t('search2')}
          className="mb-1"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
      )}
      <div className="max-h-52 overflow-y-auto pr-1">
        {children(names.filter((name) => `${name} ${featureLabel(name)}`.toLowerCase().includes(wanted)))}
      </div>
    </>
  )
}

function MapField({ schema, readOnly, value, onChange, title, help }: Described) {
  const known = (value ?? {}) as Record<string, unknown>
  const properties = schema.properties ?? {}
  const set = (key: string, next: unknown) => {
    const { [key]: _old, ...rest } = known
    const merged = next === undefined ? rest : { ...rest, [key]: next }
    onChange(Object.keys(merged).length > 0 ? merged : undefined)
  }
  const fallback = (schema.default ?? {}) as Record<string, unknown>
  return (
    <fieldset disabled={readOnly}>
      <legend className="text-[0.88rem] font-medium text-heading">{title}</legend>
      {help && <p className="mb-1 text-[0.82rem] text-muted">{help}</p>}
      <Filtered names={Object.keys(properties)}>
        {(shown) =>
          shown.map((key) => (
            <div key={key} className="flex items-center justify-between gap-2 py-0.5 text-[0.86rem]">
              <span className="truncate" title={key} aria-hidden>
                {featureLabel(key)}
              </span>
              {properties[key]?.type === 'boolean' ? (
                <input
                  type="checkbox"
                  className="size-4 accent-fill"
                  aria-label={featureLabel(key)}
                  checked={Boolean(known[key] ?? fallback[key] ?? true)}
                  onChange={(event) => set(key, event.target.checked)}
                />
              ) : (
                <NumberField
                  label={featureLabel(key)}
                  hideLabel
                  hint=""
                  className="w-24"
                  optional
                  min={properties[key]?.minimum}
                  max={properties[key]?.maximum}
                  digits={6}
                  placeholder={writtenNumber(fallback[key] as number | undefined, 6)}
                  value={typeof known[key] === 'number' ? known[key] : null}
                  onChange={(next) => set(key, next ?? undefined)}
                />
              )}
            </div>
          ))
        }
      </Filtered>
    </fieldset>
  )
}

function ListField({ schema, readOnly, value, onChange, title, help }: Described) {
  const chosen = (value ?? schema.default ?? []) as string[]
  const names = schema.items?.enum ?? chosen
  return (
    <fieldset disabled={readOnly}>
      <legend className="text-[0.88rem] font-medium text-heading">
        {title} ({chosen.length})
      </legend>
      {help && <p className="mb-1 text-[0.82rem] text-muted">{help}</p>}
      <Filtered names={names}>
        {(shown) =>
          shown.map((name) => (
            <label key={name} className="flex items-center gap-2 py-0.5 text-[0.86rem]">
              <input
                type="checkbox"
                className="size-4 accent-fill"
                checked={chosen.includes(name)}
                onChange={(event) =>
                  onChange(
                    event.target.checked ? [...chosen, name] : chosen.filter((other) => other !== name),
                  )
                }
              />
              {name}
            </label>
          ))
        }
      </Filtered>
    </fieldset>
  )
}
