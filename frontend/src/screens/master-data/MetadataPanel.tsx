/** The real columns of a table of the source. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { request } from '@/api/client'
import type { AccessMetadata } from '@/api/types'
import { useWorkflow } from '@/api/workflow'
import { Card } from '@/ui/Card'
import { SelectField } from '@/ui/Field'
import { QueryPanel } from '@/ui/PanelState'
import { formatTime } from '@/i18n/format'
import { useMasterText } from './texts'

export function MetadataPanel() {
  const t = useMasterText()
  const workflow = useWorkflow()
  const source = workflow.data?.data_source
  const [chosen, setChosen] = useState('')
  const table = chosen || source?.default_table || ''
  const metadata = useQuery({
    queryKey: ['access-metadata', table],
    enabled: workflow.isSuccess,
    queryFn: ({ signal }) =>
      request<AccessMetadata & { tables?: string[] }>('get', '/api/access/metadata', {
        query: { table },
        signal,
      }),
  })
  const tables = [
    ...new Set([
      ...(source?.table_profiles?.map((profile) => profile.name) ?? []),
      ...(metadata.data?.tables ?? []),
      table,
    ]),
  ].filter(Boolean)

  return (
    <Card title={t('metadata')} description={t('metadataAbout')}>
      <SelectField
        label={t('table')}
        value={table}
        options={tables.map((name) => {
          const profile = source?.table_profiles?.find((one) => one.name === name)
          const role = profile?.role ?? 'aux'
          const purpose = profile && (role === 'aux' ? profile.label || t('role.aux') : t(`role.${role}`))
          return { value: name, label: purpose ? `${name} (${purpose})` : name }
        })}
        onChange={(event) => setChosen(event.target.value)}
        className="mb-3"
      />
      <QueryPanel query={metadata} rows={6}>
        {(data) => (
          <>
            <ul
              className="flex max-h-[30rem] flex-col gap-1.5 overflow-y-auto"
              tabIndex={0}
              aria-label={t('metadata')}
            >
              {data.columns.map((column) => (
                <li key={column.name} className="tile flex items-baseline justify-between gap-2 px-3 py-1.5">
                  <span className="truncate font-semibold text-heading" title={column.name}>
                    {column.name}
                  </span>
                  <span className="shrink-0 text-[0.82rem] text-muted">
                    {column.type}
                    {column.nullable === false && ` · ${t('notNull')}`}
                  </span>
                </li>
              ))}
            </ul>
            <p className="mt-2 text-[0.82rem] text-muted">
              {data.table} · {t('columns', { count: data.columns.length })} ·{' '}
              {t('changedAt', { time: formatTime(data.updated_at) })}
            </p>
          </>
        )}
      </QueryPanel>
    </Card>
  )
}
