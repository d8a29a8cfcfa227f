/** The queue of the ERP interface: what waits, what failed, and what to do with it. */
import { RotateCcw, X } from 'lucide-react'
import { isWaiting, useErpAction, useErpMessages, useErpStatus, type ErpMessage } from '@/api/erp'
import { describeError } from '@/api/errors'
import { ErpMessageFacts } from '@/erp/ErpMessageFacts'
import { useErpText } from '@/erp/texts'
import { Button } from '@/ui/Button'
import { Badge, Card } from '@/ui/Card'
import { QueryPanel } from '@/ui/PanelState'
import { notify } from '@/ui/toasts'
import { formatNumber } from '@/i18n/format'
import { noticeText } from '@/i18n/notices'

const STATES = ['pending', 'sending', 'delivered', 'failed', 'cancelled'] as const

export function ErpPanel() {
  const t = useErpText()
  const status = useErpStatus()
  const messages = useErpMessages()
  return (
    <Card title={t('title')} description={t('about')}>
      <QueryPanel query={status}>
        {(data) => (
          <div className="mb-3 flex flex-wrap items-center gap-x-4 gap-y-1 text-[0.88rem]">
            <Badge tone={data.ready ? 'good' : data.enabled ? 'warn' : 'plain'}>
              {t(data.ready ? 'ready' : data.enabled ? 'notReady' : 'off')}
            </Badge>
            {STATES.map((state) => (
              <span key={state}>
                {t(state)} <b className="text-heading">{formatNumber(data.counts[state] ?? 0, 0)}</b>
              </span>
            ))}
            {data.enabled && <span className="font-mono break-all text-muted">{data.target}</span>}
            {data.problem && data.enabled && (
              <span className="text-bad">{noticeText(data.problem, data.problem_notice)}</span>
            )}
          </div>
        )}
      </QueryPanel>
      <QueryPanel
        query={messages}
        isEmpty={(data) => data.length === 0}
        empty={<p className="text-muted">{t('empty')}</p>}
      >
        {(data) => (
          <ul className="flex max-h-96 flex-col gap-2 overflow-y-auto">
            {data.map((message) => (
              <MessageRow key={message.message_id} message={message} />
            ))}
          </ul>
        )}
      </QueryPanel>
    </Card>
  )
}

function MessageRow({ message }: { message: ErpMessage }) {
  const t = useErpText()
  const act = useErpAction()
  const start = (action: 'retry' | 'cancel') =>
    act.mutate(
      { id: message.message_id, action },
      { onError: (error) => notify('bad', describeError(error)) },
    )
  return (
    <li className="tile flex flex-wrap items-start justify-between gap-3 px-4 py-2">
      <div className="min-w-0 flex-1">
        <div className="font-semibold text-heading">
          {message.subject_name} <span className="font-normal text-muted">{message.created_by}</span>
        </div>
        <ErpMessageFacts message={message} />
      </div>
      <div className="flex gap-1">
        {(message.state === 'failed' || message.state === 'cancelled' || message.state === 'pending') && (
          <Button size="sm" icon={RotateCcw} busy={act.isPending} onClick={() => start('retry')}>
            {t('retry')}
          </Button>
        )}
        {isWaiting(message) && (
          <Button size="sm" variant="danger" icon={X} onClick={() => start('cancel')}>
            {t('cancel')}
          </Button>
        )}
      </div>
    </li>
  )
}
