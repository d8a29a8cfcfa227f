/** Asks for one line of text before something is done, such as a reason. */
import { useState, type ReactNode } from 'react'
import { useCommonText } from '@/i18n/common'
import { Button } from './Button'
import { Dialog } from './Dialog'
import { TextField } from './Field'

interface PromptDialogProps {
  title: string
  description?: string
  label: string
  action: string
  type?: 'text' | 'password'
  minLength?: number
  danger?: boolean
  busy?: boolean
  onSubmit: (text: string) => void
  onClose: () => void
  /** What to know before; above the field. */
  children?: ReactNode
}

export function PromptDialog({
  title,
  description,
  label,
  action,
  type = 'text',
  minLength = 0,
  danger,
  busy,
  onSubmit,
  onClose,
  children,
}: PromptDialogProps) {
  const t = useCommonText()
  const [text, setText] = useState('')
  return (
    <Dialog open onClose={onClose} title={title} description={description}>
      {children}
      <form
        onSubmit={(event) => {
          event.preventDefault()
          onSubmit(text.trim())
        }}
      >
        <TextField
          label={label}
          type={type}
          autoFocus
          autoComplete={type === 'password' ? 'new-password' : 'off'}
          minLength={minLength || undefined}
          required={minLength > 0}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <div className="mt-4 flex justify-end gap-2">
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button type="submit" variant={danger ? 'danger' : 'primary'} busy={busy}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
