/** All accounts: role, disabling, password. */
import { useState } from 'react'
import { useSession } from '@/session/session'
import { ActionsHead } from '@/ui/ActionsHead'
import { Button } from '@/ui/Button'
import { Badge, Card } from '@/ui/Card'
import { Choice } from '@/ui/Choice'
import { ask } from '@/ui/confirm'
import { TextField } from '@/ui/Field'
import { Pager } from '@/ui/Pager'
import { Empty, QueryPanel } from '@/ui/PanelState'
import { PromptDialog } from '@/ui/PromptDialog'
import { notify } from '@/ui/toasts'
import { useCommonText } from '@/i18n/common'
import { formatTime } from '@/i18n/format'
import { accountsText, useAccountsText } from './texts'
import {
  useAccountChange,
  useAccounts,
  type Account,
  type AccountChange,
  type AccountFilter,
} from './useAccounts'

const STATUSES = ['', 'approved', 'pending', 'rejected', 'disabled'] as const
const LIMIT = 50

export function AccountsPanel() {
  const t = useAccountsText()
  const [filter, setFilter] = useState<AccountFilter>({ status: '', search: '', limit: LIMIT, offset: 0 })
  const accounts = useAccounts(filter)
  const change = useAccountChange()
  const [resetting, setResetting] = useState<string | null>(null)

  const apply = (username: string, what: AccountChange, done?: () => void) =>
    change.mutate(
      { username, change: what },
      {
        onSuccess: () => {
          notify('good', t('done', { username }))
          done?.()
        },
      },
    )

  return (
    <Card title={t('accounts')}>
      <div className="mb-3 flex flex-wrap items-end gap-4">
        <TextField
          label={t('search')}
          type="search"
          className="w-64"
          value={filter.search}
          onChange={(event) => setFilter({ ...filter, search: event.target.value, offset: 0 })}
        />
        <Choice
          label={t('accounts')}
          hideLabel
          value={filter.status}
          options={STATUSES.map((status) => ({ value: status, label: t(`status.${status}`) }))}
          onChange={(status) => setFilter({ ...filter, status, offset: 0 })}
        />
      </div>
      <QueryPanel
        query={accounts}
        rows={6}
        isEmpty={(data) => data.items.length === 0}
        empty={<Empty title={t('empty')} />}
      >
        {(data) => (
          <>
            <div className="overflow-x-auto" tabIndex={0} role="group" aria-label={t('accounts')}>
              <table className="data-table">
                <thead>
                  <tr>
                    <th scope="col">{t('account')}</th>
                    <th scope="col">{t('role')}</th>
                    <th scope="col">{t('created')}</th>
                    <th scope="col">{t('lastLogin')}</th>
                    <ActionsHead />
                  </tr>
                </thead>
                <tbody>
                  {data.items.map((account) => (
                    <AccountRow
                      key={account.username}
                      account={account}
                      busy={change.isPending}
                      onChange={(what) => apply(account.username, what)}
                      onReset={() => setResetting(account.username)}
                    />
                  ))}
                </tbody>
              </table>
            </div>
            <Pager
              offset={filter.offset ?? 0}
              limit={LIMIT}
              total={data.total}
              onChange={(offset) => setFilter({ ...filter, offset })}
            />
          </>
        )}
      </QueryPanel>
      {resetting && (
        <PromptDialog
          title={t('resetPassword')}
          description={resetting}
          label={t('newPassword')}
          action={t('resetPassword')}
          type="password"
          minLength={8}
          busy={change.isPending}
          onClose={() => setResetting(null)}
          onSubmit={(password) => apply(resetting, { kind: 'password', password }, () => setResetting(null))}
        />
      )}
    </Card>
  )
}

interface AccountRowProps {
  account: Account
  busy: boolean
  onChange: (change: AccountChange) => void
  onReset: () => void
}

function AccountRow({ account, busy, onChange, onReset }: AccountRowProps) {
  const t = useAccountsText()
  const common = useCommonText()
  const self = useSession(
    (session) => session.user?.username.toLowerCase() === account.username.toLowerCase(),
  )
  const { username } = account

  const confirmed = async (title: string, text: string, action: string, change: AccountChange) => {
    const answer = await ask({ title, text, choices: [{ value: 'do', label: action, danger: true }] })
    if (answer === 'do') onChange(change)
  }
  const role = () =>
    void confirmed(
      accountsText('roleTitle'),
      accountsText('roleText', { username, role: accountsText(account.is_admin ? 'user' : 'admin') }),
      common('apply'),
      { kind: 'role', isAdmin: !account.is_admin },
    )
  const disable = () =>
    account.disabled
      ? onChange({ kind: 'disable', disabled: false })
      : void confirmed(
          accountsText('disableTitle'),
          accountsText('disableText', { username }),
          accountsText('disable'),
          { kind: 'disable', disabled: true },
        )

  return (
    <tr>
      <td>
        <b className="text-heading">{username}</b> {account.display_name}{' '}
        {self && <Badge tone="accent">{t('you')}</Badge>}
        {account.reason && <span className="block text-[0.82rem] text-muted">{account.reason}</span>}
      </td>
      <td>
        <span className="flex flex-wrap gap-1">
          <Badge tone={account.is_admin ? 'accent' : 'plain'}>{t(account.is_admin ? 'admin' : 'user')}</Badge>
          <Badge
            tone={
              account.disabled || account.status === 'rejected'
                ? 'bad'
                : account.status === 'approved'
                  ? 'good'
                  : 'warn'
            }
          >
            {t(account.disabled ? 'status.disabled' : `status.${account.status}`)}
          </Badge>
        </span>
      </td>
      <td className="whitespace-nowrap">{formatTime(account.created_at)}</td>
      <td className="whitespace-nowrap">
        {account.last_login_at ? formatTime(account.last_login_at) : t('never')}
      </td>
      <td>
        <span className="flex flex-wrap justify-end gap-1">
          {account.status === 'approved' && !self && (
            <>
              <Button size="sm" disabled={busy} onClick={role}>
                {t(account.is_admin ? 'makeUser' : 'makeAdmin')}
              </Button>
              <Button size="sm" disabled={busy} onClick={disable}>
                {t(account.disabled ? 'enable' : 'disable')}
              </Button>
            </>
          )}
          {!self && (
            <Button size="sm" disabled={busy} onClick={onReset}>
              {t('resetPassword')}
            </Button>
          )}
          {account.status === 'rejected' && (
            <Button size="sm" disabled={busy} onClick={() => onChange({ kind: 'approve', makeAdmin: false })}>
              {t('approve')}
            </Button>
          )}
        </span>
      </td>
    </tr>
  )
}
