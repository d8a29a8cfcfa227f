/** Buttons in the four weights that the screens use. */
import clsx from 'clsx'
import { LoaderCircle, type LucideIcon } from 'lucide-react'
import type { ButtonHTMLAttributes, MouseEvent, Ref } from 'react'

type Variant = 'primary' | 'secondary' | 'ghost' | 'danger' | 'dark'

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  variant?: Variant
  size?: 'sm' | 'md'
  icon?: LucideIcon
  /** Whether what the button began is still under way; a button that says so takes a double click as one. */
  busy?: boolean
  ref?: Ref<HTMLButtonElement>
}

const VARIANTS: Record<Variant, string> = {
  primary: 'bg-fill text-white border-transparent hover:not-disabled:bg-fill-hover shadow-card font-semibold',
  secondary: 'bg-field text-heading border-line-strong hover:not-disabled:bg-accent-soft',
  ghost: 'bg-transparent text-accent-ink border-transparent hover:not-disabled:bg-accent-soft',
  danger: 'bg-bad-soft text-bad border-bad hover:not-disabled:bg-white',
  dark: 'bg-blueprint-card text-blueprint-text border-blueprint-line hover:not-disabled:border-accent',
}

export function Button({
  variant = 'secondary',
  size = 'md',
  icon: Icon,
  busy,
  disabled,
  onClick,
  className,
  children,
  type = 'button',
  ...rest
}: ButtonProps) {
  const press = (event: MouseEvent<HTMLButtonElement>) => {
    // The second click comes before the screen shows that the first is under way.
    if (busy !== undefined && event.detail > 1) event.preventDefault()
    else onClick?.(event)
  }
  return (
    <button
      {...rest}
      type={type}
      onClick={press}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      className={clsx(
        'inline-flex items-center justify-center gap-2 rounded-full border transition-colors whitespace-nowrap disabled:opacity-60 disabled:cursor-not-allowed',
        size === 'sm' ? 'px-3 py-1 text-[0.86rem]' : 'px-4 py-2',
        VARIANTS[variant],
        className,
      )}
    >
      {busy ? (
        <LoaderCircle className="size-4 animate-spin" aria-hidden />
      ) : (
        Icon && <Icon className="size-4 shrink-0" aria-hidden />
      )}
      {children}
    </button>
  )
}

interface IconButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'children'> {
  icon: LucideIcon
  label: string
  ref?: Ref<HTMLButtonElement>
}

/** A button that shows only an icon; `label` is its name for screen readers and its tooltip. */
export function IconButton({ icon: Icon, label, className, type = 'button', ...rest }: IconButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      aria-label={label}
      title={label}
      className={clsx(
        'inline-grid size-7 shrink-0 place-items-center rounded-full text-muted hover:not-disabled:bg-accent-soft hover:not-disabled:text-heading disabled:opacity-50',
        className,
      )}
    >
      <Icon className="size-4" aria-hidden />
    </button>
  )
}
