/** One of several, as chips; arrow keys move as in any radio group. */
import clsx from 'clsx'
import { useId, type ReactNode } from 'react'

interface ChoiceProps<Value extends string> {
  label: string
  value: Value
  options: readonly { value: Value; label: ReactNode; disabled?: boolean }[]
  onChange: (value: Value) => void
  hideLabel?: boolean
}

export function Choice<Value extends string>({
  label,
  value,
  options,
  onChange,
  hideLabel,
}: ChoiceProps<Value>) {
  const name = useId()
  return (
    <fieldset className="min-w-0">
      <legend className={hideLabel ? 'sr-only' : 'mb-1 text-[0.86rem] font-medium text-heading'}>
        {label}
      </legend>
      <div className="flex flex-wrap gap-1.5">
        {options.map((option) => (
          <label
            key={option.value}
            className={clsx(
              'relative rounded-full border px-3 py-1 text-[0.86rem] has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent-ink',
              value === option.value
                ? 'border-accent-strong bg-accent-soft font-semibold text-accent-ink'
                : 'border-line-strong bg-field text-body',
              option.disabled ? 'opacity-60' : 'cursor-pointer',
            )}
          >
            <input
              type="radio"
              name={name}
              className="absolute inset-0 cursor-[inherit] opacity-0"
              checked={value === option.value}
              disabled={option.disabled}
              onChange={() => onChange(option.value)}
            />
            {option.label}
          </label>
        ))}
      </div>
    </fieldset>
  )
}
