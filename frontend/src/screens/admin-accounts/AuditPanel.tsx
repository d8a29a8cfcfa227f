/** The audit log, filtered and by page. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Download } from 'lucide-react'
import { request, type Query } from '@/api/client'
import { describeError } from '@/api/errors'
import type { components } from '@/api/schema'
import { toCsv } from '@/screens/routing/exports/formats'
import { Button } from '@/ui/Button'
import { Card } from '@/ui/Card'
import { TextField } from '@/ui/Field'
import { downloadFile } from '@/ui/files'
import { Pager } from '@/ui/Pager'
import { Empty, QueryPanel } from '@/ui/PanelState'
import { notify } from '@/ui/toasts'
import { actor } from '@/i18n/actors'
import { auditAction, auditFacts, auditWord, auditWords } from '@/i18n/auditWords'
import { commonText, useCommonText } from '@/i18n/common'
import { formatTime } from '@/i18n/format'
import { accountsText, useAccountsText } from './texts'

type AuditPage = components['schemas']['AuditListResponse']

const LIMIT = 50
const MOST_AT_ONCE = 500
const MOST_EXPORTED = 50_000

interface Filter {
  action: string
  username: string
  /** Days of this browser's calendar, both included; "" for any. */
  from: string
  to: string
}

function queryOf({ action, username, from, to }: Filter): Query {
  const midnight = (day: string, after: number) => {
    const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
    return new Date(year, month - 1, date + after).toISOString()
  }
  return {
    action: auditAction(action),
    username,
    since: from ? midnight(from, 0) : undefined,
    until: to ? midnight(to, 1) : undefined,
  }
}

/** All events of a filter as a file that spreadsheets read. */
async function exportEvents(query: Query) {
  const found: AuditPage['items'] = []
  for (;;) {
    const page = await request<AuditPage>('get', '/api/audit/events', {
      query: { ...query, offset: found.length, limit: MOST_AT_ONCE },
    })
    found.push(...page.items)
    if (page.items.length === 0 || found.length >= Math.min(page.total, MOST_EXPORTED)) break
  }
  const columns = ['at', 'action', 'target', 'account', 'address', 'details'] as const
  const rows = found.map((event) => [
    event.at,
    auditWord(event.action),
    event.target ?? null,
    actor(event.username),
    event.client_host ?? null,
    auditFacts(event.payload),
  ])
  const text = toCsv({ name: 'audit', columns: columns.map((column) => auditColumn(column)), rows })
  downloadFile('audit.csv', text, 'text/csv;charset=utf-8')
}

function auditColumn(column: 'at' | 'action' | 'target' | 'account' | 'address' | 'details'): string {
  return column === 'details' ? commonText('details') : accountsText(column)
}

export function AuditPanel() {
  const t = useAccountsText()
  const common = useCommonText()
  const [filter, setFilter] = useState({ action: '', username: '', from: '', to: '', offset: 0 })
  const query = queryOf(filter)
  const [exporting, setExporting] = useState(false)
  const events = useQuery({
    queryKey: ['audit', filter],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      request<AuditPage>('get', '/api/audit/events', {
        query: { ...query, offset: filter.offset, limit: LIMIT },
        signal,
      }),
  })
  return (
    <Card title={t('audit')} description={t('auditAbout')}>
      <div className="mb-3 flex flex-wrap gap-4">
        <TextField
          label={t('actionFilter')}
          className="w-56"
          list="audit-actions"
          value={filter.action}
          onChange={(event) => setFilter({ ...filter, action: event.target.value, offset: 0 })}
        />
        <datalist id="audit-actions">
          {auditWords().map((word) => (
            <option key={word} value={word} />
          ))}
        </datalist>
        <TextField
          label={t('userFilter')}
          className="w-56"
          value={filter.username}
          onChange={(event) => setFilter({ ...filter, username: event.target.value, offset: 0 })}
        />
        <TextField
          label={t('fromFilter')}
          type="date"
          max={filter.to || undefined}
          value={filter.from}
          onChange={(event) => setFilter({ ...filter, from: event.target.value, offset: 0 })}
        />
        <TextField
          label={t('toFilter')}
          type="date"
          min={filter.from || undefined}
          value={filter.to}
          onChange={(event) => setFilter({ ...filter, to: event.target.value, offset: 0 })}
        />
        <Button
          icon={Download}
          className="self-end"
          busy={exporting}
          disabled={!events.data?.total}
          onClick={() => {
            setExporting(true)
            exportEvents(query)
              .catch((error: unknown) => notify('bad', describeError(error)))
              .finally(() => setExporting(false))
          }}
        >
          {t('auditExport')}
        </Button>
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
                      <td>{actor(event.username)}</td>
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
