/** Modal dialog on Radix: focus is trapped, Escape closes, the page behind keeps its state. */
import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import { useCommonText } from '@/i18n/common'
import { IconButton } from './Button'

interface DialogProps {
  open: boolean
  onClose?: () => void
  title: string
  description?: ReactNode
  wide?: boolean
  children: ReactNode
  footer?: ReactNode
}

/** Without `onClose` the dialog cannot be dismissed. */
export function Dialog({ open, onClose, title, description, wide, children, footer }: DialogProps) {
  const t = useCommonText()
  const keepOpen = (event: Event) => {
    if (!onClose) event.preventDefault()
  }
  /** Closing a notice, which is gone by then, or doing what it offers, is no click beside the dialog. */
  const keepOpenBeside = (event: Event) => {
    const notice = event.target instanceof Element && event.target.closest('[data-notice]') !== null
    if (!onClose || notice) event.preventDefault()
  }
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose?.()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-heading/45" />
        <Radix.Content
          onEscapeKeyDown={keepOpen}
          onPointerDownOutside={keepOpenBeside}
          onInteractOutside={keepOpenBeside}
          aria-describedby={description ? undefined : ''}
          className={`card fixed top-1/2 left-1/2 z-50 flex max-h-[90vh] w-[calc(100vw-2rem)] -translate-x-1/2 -translate-y-1/2 flex-col bg-[oklch(0.96_0.02_228)] p-5 ${wide ? 'max-w-5xl' : 'max-w-lg'}`}
        >
          <header className="mb-3 flex items-start justify-between gap-4">
            <div>
              <Radix.Title className="text-[1.15rem]">{title}</Radix.Title>
              {description && (
                <Radix.Description className="text-[0.9rem] text-muted">{description}</Radix.Description>
              )}
            </div>
            {onClose && <IconButton icon={X} label={t('close')} onClick={onClose} />}
          </header>
          <div className="-m-1 min-h-0 flex-1 overflow-auto p-1">{children}</div>
          {footer && <footer className="mt-4 flex flex-wrap justify-end gap-2">{footer}</footer>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
