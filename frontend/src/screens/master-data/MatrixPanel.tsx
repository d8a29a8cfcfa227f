/** Every column of the chosen item, as the source holds it. */
import { useQuery } from '@tanstack/react-query'
import { ClipboardCopy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { request } from '@/api/client'
import { statusOf } from '@/api/errors'
import type { MasterItem } from '@/api/types'
import { Button } from '@/ui/Button'
import { Card } from '@/ui/Card'
import { CheckField, TextField } from '@/ui/Field'
import { copyText } from '@/ui/files'
import { Empty, QueryPanel } from '@/ui/PanelState'
import { notify } from '@/ui/toasts'
import { currentLanguage } from '@/i18n'
import { commonText } from '@/i18n/common'
import { featureLabel, itemValue } from '@/api/plant'
import { noteLookup } from './lookups'
import { useMaster } from './masterStore'
import { useMasterText } from './texts'

function useItem(code: string | null) {
  return useQuery({
    queryKey: ['master-item', code],
    enabled: code !== null,
    queryFn: ({ signal }) =>
      request<MasterItem>('get', `/api/master-data/items/${encodeURIComponent(code ?? '')}`, { signal }),
  })
}

async function copyRows(item: MasterItem) {
  const clean = (text: string) => text.replace(/[\t\r\n]+/g, ' ')
  const lines = [item.columns.map((column) => clean(column.label)).join('\t')]
  for (const row of item.rows)
    lines.push(item.columns.map((column) => clean(row.values[column.key] ?? '')).join('\t'))
  const copied = await copyText(lines.join('\n'))
  notify(copied ? 'good' : 'bad', commonText(copied ? 'copied' : 'copyFailed'))
}

export function MatrixPanel() {
  const t = useMasterText()
  const active = useMaster((state) => state.active)
  const item = useItem(active)
  const found = item.data
  useEffect(() => {
    if (active !== null) noteLookup('item', active)
  }, [active])
  return (
    <Card
      title={t('matrix')}
      description={t('matrixAbout')}
      actions={
        <Button
          icon={ClipboardCopy}
          disabled={!found?.rows.length}
          onClick={() => found && void copyRows(found)}
        >
          {t('copyRows')}
        </Button>
      }
    >
      {active === null ? (
        <Empty title={t('tabsEmpty')} hint={t('tabsEmptyHint')} />
      ) : statusOf(item.error) === 404 ? (
        <Empty title={t('itemMissing', { code: active })} hint={t('tabsEmptyHint')} />
      ) : (
        <QueryPanel query={item} rows={8}>
          {(data) => <Matrix item={data} />}
        </QueryPanel>
      )}
    </Card>
  )
}

/** What the plant calls a column in the reader's language; what only the item's sheet has a Korean name for by that. */
function labelOf({ key, label }: MasterItem['columns'][number]): string {
  const known = featureLabel(key)
  return known === key && currentLanguage() === 'ko' ? label : known
}

function Matrix({ item }: { item: MasterItem }) {
  const t = useMasterText()
  const [filter, setFilter] = useState('')
  const [hideEmpty, setHideEmpty] = useState(true)
  const wanted = filter.trim().toLowerCase()
  const columns = item.columns.filter((column) => {
    const filled = item.rows.some((row) => row.values[column.key])
    return (
      (!hideEmpty || filled) &&
      (!wanted || `${column.key} ${column.label} ${labelOf(column)}`.toLowerCase().includes(wanted))
    )
  })
  return (
    <>
      <div className="mb-2 flex flex-wrap items-center gap-4">
        <TextField
          label={t('filterColumns')}
          hideLabel
          type="search"
          placeholder={t('filterColumns')}
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
        <CheckField
          label={t('hideEmpty')}
          checked={hideEmpty}
          onChange={(event) => setHideEmpty(event.target.checked)}
        />
      </div>
      <div className="max-h-[40rem] overflow-auto" tabIndex={0} role="group" aria-label={t('matrix')}>
        <table className="data-table">
          <thead className="sticky top-0 bg-[oklch(0.95_0.025_228)]">
            <tr>
              <th scope="col">{t('column')}</th>
              {item.rows.map((row) => (
                <th key={row.key} scope="col">
                  {t('value')}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {columns.map((column) => (
              <tr key={column.key}>
                <th scope="row" className="font-medium!">
                  {labelOf(column)}
                  {labelOf(column) !== column.key && (
                    <span className="ml-2 text-[0.78rem] font-normal text-muted">{column.key}</span>
                  )}
                </th>
                {item.rows.map((row) => (
                  <td key={row.key} className="break-words">
                    <bdi>{itemValue(column.key, row.values) || '–'}</bdi>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}
