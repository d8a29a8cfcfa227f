/** People who wait for approval. */
import { Check, ShieldCheck, X } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/ui/Button'
import { Card } from '@/ui/Card'
import { QueryPanel } from '@/ui/PanelState'
import { PromptDialog } from '@/ui/PromptDialog'
import { notify } from '@/ui/toasts'
import { formatTime } from '@/i18n/format'
import { useAccountsText } from './texts'
import { useAccountChange, useAccounts } from './useAccounts'

export function PendingPanel() {
  const t = useAccountsText()
  const pending = useAccounts({ status: 'pending', limit: 200 })
  const change = useAccountChange()
  const [rejecting, setRejecting] = useState<string | null>(null)

  const approve = (username: string, makeAdmin: boolean) =>
    change.mutate(
      { username, change: { kind: 'approve', makeAdmin } },
      { onSuccess: () => notify('good', t('approved', { username })) },
    )

  return (
    <Card title={t('pending')} description={t('pendingAbout')}>
      <QueryPanel
        query={pending}
        isEmpty={(data) => data.items.length === 0}
        empty={<p className="text-muted">{t('pendingEmpty')}</p>}
      >
        {(data) => (
          <ul className="flex flex-col gap-2">
            {data.items.map((account) => (
              <li
                key={account.username}
                className="tile flex flex-wrap items-center justify-between gap-3 px-4 py-2"
              >
                <span className="min-w-0">
                  <b className="text-heading">{account.username}</b> {account.display_name}
                  <span className="block text-[0.82rem] text-muted">
                    {t('created')}: {formatTime(account.created_at)}
                  </span>
                </span>
                <span className="flex flex-wrap gap-2">
                  <Button
                    size="sm"
                    variant="primary"
                    icon={Check}
                    busy={change.isPending}
                    onClick={() => approve(account.username, false)}
                  >
                    {t('approve')}
                  </Button>
                  <Button
                    size="sm"
                    icon={ShieldCheck}
                    busy={change.isPending}
                    onClick={() => approve(account.username, true)}
                  >
                    {t('approveAdmin')}
                  </Button>
                  <Button size="sm" variant="danger" icon={X} onClick={() => setRejecting(account.username)}>
                    {t('reject')}
                  </Button>
                </span>
              </li>
            ))}
          </ul>
        )}
      </QueryPanel>
      {rejecting && (
        <PromptDialog
          title={t('reject')}
          description={rejecting}
          label={t('rejectReason')}
          action={t('reject')}
          danger
          busy={change.isPending}
          onClose={() => setRejecting(null)}
          onSubmit={(reason) =>
            change.mutate(
              { username: rejecting, change: { kind: 'reject', reason } },
              {
                onSuccess: () => {
                  notify('good', t('rejected', { username: rejecting }))
                  setRejecting(null)
                },
              },
            )
          }
        />
      )}
    </Card>
  )
}
