/** How far a hand-over to the ERP is, in words. */
import type { ErpMessage } from '@/api/erp'
import { Badge } from '@/ui/Card'
import { formatBytes, formatTime } from '@/i18n/format'
import { noticeText } from '@/i18n/notices'
import { useErpText } from './texts'

const TONES = {
  pending: 'accent',
  sending: 'accent',
  delivered: 'good',
  failed: 'bad',
  cancelled: 'plain',
} as const

export function ErpState({ message }: { message: ErpMessage }) {
  const t = useErpText()
  return <Badge tone={TONES[message.state]}>{t(message.state)}</Badge>
}

export function ErpMessageFacts({ message }: { message: ErpMessage }) {
  const t = useErpText()
  return (
    <div className="text-[0.86rem]">
      <div className="flex flex-wrap items-center gap-2">
        <ErpState message={message} />
        <span className="text-heading">{formatTime(message.delivered_at ?? message.created_at)}</span>
        <span className="text-muted">
          {message.format.toUpperCase()} · {formatBytes(message.bytes)} ·{' '}
          {t('attempts', { count: message.attempts })}
        </span>
      </div>
      <div className="font-mono text-[0.8rem] break-all text-muted">{message.target}</div>
      {message.last_error && message.state !== 'delivered' && (
        <p className="mt-1 rounded-lg bg-warn-soft px-3 py-1 break-words">
          {noticeText(message.last_error, message.last_error_notice)}
          {message.state === 'pending' &&
            message.next_attempt_at &&
            ` · ${t('nextAttempt', { time: formatTime(message.next_attempt_at) })}`}
        </p>
      )}
    </div>
  )
}
