/** The audit log, filtered and by page. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { request } from '@/api/client'
import { Card } from '@/ui/Card'
import { TextField } from '@/ui/Field'
import { Pager } from '@/ui/Pager'
import { Empty, QueryPanel } from '@/ui/PanelState'
import { auditFacts, auditWord } from '@/i18n/auditWords'
import { useCommonText } from '@/i18n/common'
import { formatTime } from '@/i18n/format'
import { useAccountsText } from './texts'

interface AuditEvent {
  id: number
  at: string
  username: string | null
  client_host: string | null
  action: string
  target: string | null
  request_id: string | null
  payload: Record<string, unknown> | null
}

const LIMIT = 50

export function AuditPanel() {
  const t = useAccountsText()
  const common = useCommonText()
  const [filter, setFilter] = useState({ action: '', username: '', offset: 0 })
  const events = useQuery({
    queryKey: ['audit', filter],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      request<{ total: number; items: AuditEvent[] }>('get', '/api/audit/events', {
        query: { ...filter, limit: LIMIT },
        signal,
      }),
  })
  return (
    <Card title={t('audit')} description={t('auditAbout')}>
      <div className="mb-3 flex flex-wrap gap-4">
        <TextField
          label={t('actionFilter')}
          className="w-56"
          value={filter.action}
          onChange={(event) => setFilter({ ...filter, action: event.target.value, offset: 0 })}
        />
        <TextField
          label={t('userFilter')}
          className="w-56"
          value={filter.username}
          onChange={(event) => setFilter({ ...filter, username: event.target.value, offset: 0 })}
        />
      </div>
      <QueryPanel
        query={events}
        rows={6}
        isEmpty={(data) => data.items.length === 0}
        empty={<Empty title={t('auditEmpty')} />}
      >
        {(data) => (
          <>
            <div className="max-h-[30rem] overflow-auto" tabIndex={0} role="group" aria-label={t('audit')}>
              <table className="data-table">
                <thead className="sticky top-0 bg-[oklch(0.95_0.025_228)]">
                  <tr>
                    <th scope="col">{t('at')}</th>
                    <th scope="col">{t('action')}</th>
                    <th scope="col">{t('target')}</th>
                    <th scope="col">{t('account')}</th>
                    <th scope="col">{t('address')}</th>
                    <th scope="col">{common('details')}</th>
                  </tr>
                </thead>
                <tbody>
                  {data.items.map((event) => (
                    <tr key={event.id}>
                      <td className="whitespace-nowrap tabular-nums">{formatTime(event.at)}</td>
                      <td title={event.action}>{auditWord(event.action)}</td>
                      <td className="break-all">{event.target || '–'}</td>
                      <td>{event.username || '–'}</td>
                      <td>{event.client_host || '–'}</td>
                      <td className="max-w-80 truncate text-[0.82rem]" title={auditFacts(event.payload)}>
                        {auditFacts(event.payload) || '–'}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            <Pager
              offset={filter.offset}
              limit={LIMIT}
              total={data.total}
              onChange={(offset) => setFilter({ ...filter, offset })}
            />
          </>
        )}
      </QueryPanel>
    </Card>
  )
}
