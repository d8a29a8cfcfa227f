/** Form fields: label, control, hint and error tied together for screen readers. */
import clsx from 'clsx'
import {
  useId,
  type InputHTMLAttributes,
  type ReactNode,
  type Ref,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
} from 'react'

interface FieldFrame {
  label: ReactNode
  hint?: ReactNode
  error?: ReactNode
  hideLabel?: boolean
  className?: string
}

function describedBy(id: string, { hint, error }: FieldFrame): string | undefined {
  return error ? `${id}-error` : hint ? `${id}-hint` : undefined
}

function Frame({
  id,
  label,
  hint,
  error,
  hideLabel,
  className,
  children,
}: FieldFrame & { id: string; children: ReactNode }) {
  return (
    <div className={clsx('min-w-0', className)}>
      <label
        htmlFor={id}
        className={hideLabel ? 'sr-only' : 'mb-1 block text-[0.86rem] font-medium text-heading'}
      >
        {label}
      </label>
      {children}
      {error ? (
        <p id={`${id}-error`} role="alert" className="mt-1 text-[0.82rem] text-bad">
          {error}
        </p>
      ) : (
        hint && (
          <p id={`${id}-hint`} className="mt-1 text-[0.82rem] text-muted">
            {hint}
          </p>
        )
      )}
    </div>
  )
}

type TextFieldProps = FieldFrame & InputHTMLAttributes<HTMLInputElement> & { ref?: Ref<HTMLInputElement> }

export function TextField({ label, hint, error, hideLabel, className, id: given, ...rest }: TextFieldProps) {
  const own = useId()
  const id = given ?? own
  const frame = { label, hint, error, hideLabel, className }
  return (
    <Frame id={id} {...frame}>
      <input
        {...rest}
        id={id}
        className="field"
        aria-invalid={error ? true : undefined}
        aria-describedby={describedBy(id, frame)}
      />
    </Frame>
  )
}

type TextAreaProps = FieldFrame & TextareaHTMLAttributes<HTMLTextAreaElement> & { mono?: boolean }

export function TextArea({ label, hint, error, hideLabel, className, mono, ...rest }: TextAreaProps) {
  const id = useId()
  const frame = { label, hint, error, hideLabel, className }
  return (
    <Frame id={id} {...frame}>
      <textarea
        {...rest}
        id={id}
        className={clsx('field resize-y', mono && 'font-mono text-[0.86rem]')}
        aria-invalid={error ? true : undefined}
        aria-describedby={describedBy(id, frame)}
      />
    </Frame>
  )
}

type SelectFieldProps = FieldFrame &
  SelectHTMLAttributes<HTMLSelectElement> & { options: readonly { value: string; label: string }[] }

export function SelectField({
  label,
  hint,
  error,
  hideLabel,
  className,
  options,
  ...rest
}: SelectFieldProps) {
  const id = useId()
  const frame = { label, hint, error, hideLabel, className }
  return (
    <Frame id={id} {...frame}>
      <select {...rest} id={id} className="field" aria-describedby={describedBy(id, frame)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </Frame>
  )
}

type CheckFieldProps = Omit<InputHTMLAttributes<HTMLInputElement>, 'type'> & {
  label: ReactNode
  hint?: ReactNode
}

export function CheckField({ label, hint, className, ...rest }: CheckFieldProps) {
  const id = useId()
  return (
    <div className={clsx('flex items-start gap-2', className)}>
      <input
        {...rest}
        id={id}
        type="checkbox"
        className="mt-0.5 size-4 shrink-0 accent-fill"
        aria-describedby={hint ? `${id}-hint` : undefined}
      />
      <div className="min-w-0">
        <label htmlFor={id} className="block">
          {label}
        </label>
        {hint && (
          <p id={`${id}-hint`} className="text-[0.82rem] text-muted">
            {hint}
          </p>
        )}
      </div>
    </div>
  )
}

interface SliderFieldProps extends FieldFrame {
  value: number
  min: number
  max: number
  step: number
  display?: string
  disabled?: boolean
  onChange: (value: number) => void
  onCommit?: (value: number) => void
}

/** A slider with its value shown; arrow keys move it by `step`. */
export function SliderField({
  value,
  min,
  max,
  step,
  display,
  disabled,
  onChange,
  onCommit,
  ...frame
}: SliderFieldProps) {
  const id = useId()
  const commit = onCommit ? () => onCommit(value) : undefined
  return (
    <div className={frame.className}>
      <div className="flex items-baseline justify-between gap-2">
        <label htmlFor={id} className="truncate text-[0.86rem] text-heading">
          {frame.label}
        </label>
        <output htmlFor={id} className="text-[0.86rem] font-semibold tabular-nums text-heading">
          {display ?? value}
        </output>
      </div>
      <input
        id={id}
        type="range"
        className="range"
        value={value}
        min={min}
        max={max}
        step={step}
        disabled={disabled}
        aria-valuetext={display}
        aria-describedby={describedBy(id, frame)}
        onChange={(event) => onChange(Number(event.target.value))}
        onPointerUp={commit}
        onKeyUp={commit}
      />
      {frame.hint && (
        <p id={`${id}-hint`} className="text-[0.82rem] text-muted">
          {frame.hint}
        </p>
      )}
    </div>
  )
}
