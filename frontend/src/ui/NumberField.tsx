/** The field for every number: thousands as the screens print them, limits said, whatever is wrong said at once. */
import { useEffect, useId, useRef, useState, type InputHTMLAttributes, type ReactNode } from 'react'
import { TextField } from './Field'
import { rangeText, readNumber, writtenNumber, type NumberLimits } from './numbers'

type Rest = Omit<
  InputHTMLAttributes<HTMLInputElement>,
  'value' | 'onChange' | 'min' | 'max' | 'type' | 'step'
>

export interface NumberFieldProps extends NumberLimits, Rest {
  label: ReactNode
  hint?: ReactNode
  /** What is wrong with a number that can be read. */
  error?: ReactNode
  hideLabel?: boolean
  /** null where there is none. */
  value: number | null | undefined
  /** Shows a share of 0 to 1 as percent; limits are those of the percents. */
  percent?: boolean
  /** Called with numbers that can be used only; null where the field is optional and empty. */
  onChange: (value: number | null) => void
}

export function NumberField({
  value,
  percent = false,
  min,
  max,
  digits = percent ? 2 : 3,
  optional = false,
  hint,
  error,
  onChange,
  onBlur,
  onKeyDown,
  ...rest
}: NumberFieldProps) {
  const limits = { min, max, digits, optional }
  const id = useId()
  const input = useRef<HTMLInputElement | null>(null)
  /** What is being written, and the value that it stood for: another value from outside takes its place. */
  const [draft, setDraft] = useState<{ text: string; of: number | null | undefined } | null>(null)
  const shown = value === null || value === undefined ? value : percent ? value * 100 : value
  const text = draft && Object.is(draft.of ?? null, value ?? null) ? draft.text : writtenNumber(shown, digits)
  // A value that came from elsewhere is not judged by the decimals that the field shows.
  const read = draft ? readNumber(text, limits) : { value: shown ?? null }
  const wrong = read.error

  useEffect(() => {
    input.current?.setCustomValidity(wrong ?? '')
  })

  const write = (next: string) => {
    const found = readNumber(next, limits)
    if (found.error !== undefined) {
      setDraft({ text: next, of: value })
      return
    }
    const stored = found.value === null ? null : percent ? roundedShare(found.value) : found.value
    setDraft({ text: next, of: stored })
    if (!Object.is(stored, value ?? null)) onChange(stored)
  }
  const range = rangeText(limits)

  return (
    <TextField
      {...rest}
      id={rest.id ?? id}
      ref={input}
      type="text"
      inputMode={digits === 0 ? 'numeric' : 'decimal'}
      autoComplete="off"
      data-number=""
      value={text}
      hint={hint ?? (range || undefined)}
      error={wrong ?? error}
      onChange={(event) => write(event.target.value)}
      onBlur={(event) => {
        if (!wrong) setDraft(null)
        onBlur?.(event)
      }}
      onKeyDown={(event) => {
        onKeyDown?.(event)
        const step = { ArrowUp: 1, ArrowDown: -1 }[event.key]
        if (step === undefined || event.defaultPrevented || shown === null || shown === undefined || wrong)
          return
        event.preventDefault()
        const size = event.shiftKey ? 10 : 1
        const next = Math.round((shown + step * size) * 10 ** digits) / 10 ** digits
        write(writtenNumber(Math.min(max ?? next, Math.max(min ?? next, next)), digits))
      }}
    />
  )
}

function roundedShare(percents: number): number {
  return Math.round(percents * 1e6) / 1e8
}

/** Goes to the first number that cannot be used, so that nothing is stored beside it; false where there is none. */
export function goToWrongNumber(root: ParentNode = document): boolean {
  const numbers = [...root.querySelectorAll<HTMLInputElement>('input[data-number]')]
  const wrong = numbers.find((input) => !input.matches(':disabled') && input.validity.customError)
  wrong?.focus()
  return wrong !== undefined
}
