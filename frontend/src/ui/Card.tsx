/** The translucent rounded panel that every screen is made of. */
import clsx from 'clsx'
import { useId, type ReactNode } from 'react'

interface CardProps {
  title?: ReactNode
  description?: ReactNode
  actions?: ReactNode
  className?: string
  bodyClassName?: string
  children?: ReactNode
}

export function Card({ title, description, actions, className, bodyClassName, children }: CardProps) {
  const id = useId()
  return (
    <section className={clsx('card p-5', className)} aria-labelledby={title ? id : undefined}>
      {(title || actions) && (
        <header className="mb-3 flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
          <div className="min-w-0">
            {title && (
              <h2 id={id} className="text-[1.1rem]">
                {title}
              </h2>
            )}
            {description && <p className="text-[0.86rem] text-muted">{description}</p>}
          </div>
          {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
        </header>
      )}
      <div className={bodyClassName}>{children}</div>
    </section>
  )
}

/** A short figure with its name above and a remark below. */
export function Figure({ label, value, remark }: { label: ReactNode; value: ReactNode; remark?: ReactNode }) {
  return (
    <div className="min-w-0">
      <div className="text-[0.86rem] text-muted">{label}</div>
      <div className="text-[1.15rem] leading-snug font-bold [overflow-wrap:anywhere] text-heading">
        {value}
      </div>
      {remark && <div className="text-[0.82rem] text-muted">{remark}</div>}
    </div>
  )
}

/** A small rounded label, coloured by what it says. */
export function Badge({
  tone = 'plain',
  children,
}: {
  tone?: 'plain' | 'good' | 'warn' | 'bad' | 'accent'
  children: ReactNode
}) {
  const tones = {
    plain: 'bg-field text-muted border-line',
    good: 'bg-good-soft text-good border-good/40',
    warn: 'bg-warn-soft text-warn border-warn/40',
    bad: 'bg-bad-soft text-bad border-bad/40',
    accent: 'bg-accent-soft text-accent-ink border-accent',
  }
  return (
    <span
      className={clsx(
        'inline-flex items-center gap-1 rounded-full border px-2 py-0.5 text-[0.8rem] font-medium',
        tones[tone],
      )}
    >
      {children}
    </span>
  )
}
