/** A choice among many names in a long table: the names are only made once somebody comes near it. */
import clsx from 'clsx'
import { useState, type SelectHTMLAttributes } from 'react'

interface LongSelectProps extends SelectHTMLAttributes<HTMLSelectElement> {
  value: string
  names: readonly string[]
  /** What stands for no name. */
  empty: string
}

export function LongSelect({ value, names, empty, className, ...rest }: LongSelectProps) {
  const [near, setNear] = useState(false)
  const approach = () => setNear(true)
  const shown = near ? [...new Set([...names, value])] : [value]
  return (
    <select
      {...rest}
      className={clsx('field py-1!', className)}
      value={value}
      onFocus={approach}
      onPointerEnter={approach}
      onPointerDown={approach}
    >
      {(near || !value) && <option value="">{empty}</option>}
      {shown.filter(Boolean).map((name) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  )
}
