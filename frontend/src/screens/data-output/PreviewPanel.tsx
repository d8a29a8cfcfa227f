/** Real predictions as the profile puts them out, with what breaks its checks, in the chosen format. */
import { noticeText, noticeTexts } from '@/i18n/notices'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { useEffect, useState } from 'react'
import { request } from '@/api/client'
import { describeError } from '@/api/errors'
import { previewOutputProfile, type OutputProfile, type ProfilePreview } from '@/api/mapping'
import { FORMATS, textOf, type Format, type Sheet } from '@/screens/routing/exports/formats'
import { parseItemCodes } from '@/screens/routing/inputs/parseItemCodes'
import { useRouting } from '@/screens/routing/store/routingStore'
import { Button } from '@/ui/Button'
import { Card } from '@/ui/Card'
import { SelectField, TextField } from '@/ui/Field'
import { downloadFile, safeFileName } from '@/ui/files'
import { Empty, QueryPanel } from '@/ui/PanelState'
import { fetchPart } from '@/ui/scripts'
import { notify } from '@/ui/toasts'
import { useOutputText } from './texts'

function sheetOf(preview: ProfilePreview, name: string): Sheet {
  return {
    name,
    columns: preview.columns,
    rows: preview.rows.map((row) => preview.columns.map((column) => row[column] ?? null)),
  }
}

/** The items of the routing screen, else the first item of the master. */
function useSampleItems() {
  const typed = useRouting((state) => state.inputs.codes)
  const known = parseItemCodes(typed).codes.slice(0, 3).join(', ')
  const first = useQuery({
    queryKey: ['first-item'],
    enabled: !known,
    staleTime: Infinity,
    queryFn: async ({ signal }) =>
      (
        await request<{ items: { item_code: string }[] }>('get', '/api/master-data/items', {
          query: { limit: 1 },
          signal,
        })
      ).items[0]?.item_code ?? '',
  })
  return known || first.data || ''
}

export function PreviewPanel({ profile }: { profile: OutputProfile }) {
  const t = useOutputText()
  const sample = useSampleItems()
  const [typed, setTyped] = useState<string | null>(null)
  const [format, setFormat] = useState<Format | 'table'>('table')
  const [settled, setSettled] = useState({ profile, codes: '' })
  const text = typed ?? sample

  useEffect(() => {
    const timer = setTimeout(() => setSettled({ profile, codes: text }), 500)
    return () => clearTimeout(timer)
  }, [profile, text])

  const codes = parseItemCodes(settled.codes).codes
  const preview = useQuery({
    queryKey: ['output-preview', settled.profile, codes],
    enabled: codes.length > 0,
    placeholderData: keepPreviousData,
    retry: false,
    queryFn: ({ signal }) => previewOutputProfile(settled.profile, codes, signal),
  })

  const download = async (data: ProfilePreview) => {
    const sheet = sheetOf(data, profile.name)
    const chosen = FORMATS.find((one) => one.value === (format === 'table' ? 'csv' : format))
    if (!chosen) return
    const content =
      chosen.value === 'excel'
        ? (await fetchPart(() => import('@/screens/routing/exports/xlsx'))).toXlsx(sheet)
        : textOf(sheet, chosen.value)
    downloadFile(`${safeFileName(profile.name)}-sample.${chosen.extension}`, content, chosen.mime)
  }

  return (
    <Card
      title={t('preview')}
      description={t('previewAbout')}
      actions={
        <Button
          icon={Download}
          disabled={!preview.data?.rows.length}
          onClick={() =>
            preview.data && download(preview.data).catch((error) => notify('bad', describeError(error)))
          }
        >
          {t('download')}
        </Button>
      }
    >
      <div className="mb-3 grid gap-3 sm:grid-cols-[1fr_10rem]">
        <TextField
          label={t('items')}
          hint={t('itemsHint')}
          value={text}
          onChange={(event) => setTyped(event.target.value)}
        />
        <SelectField
          label={t('previewFormat')}
          value={format}
          options={[{ value: 'table', label: t('table') }, ...FORMATS]}
          onChange={(event) => setFormat(event.target.value as Format)}
        />
      </div>
      {codes.length === 0 ? (
        <Empty title={t('noItems')} />
      ) : (
        <QueryPanel query={preview} rows={6}>
          {(data) => (
            <>
              <Findings preview={data} />
              {data.rows.length === 0 ? (
                <Empty title={t('noRows')} />
              ) : format === 'table' || format === 'excel' ? (
                <Rows preview={data} />
              ) : (
                <Raw text={textOf(sheetOf(data, profile.name), format)} />
              )}
            </>
          )}
        </QueryPanel>
      )}
    </Card>
  )
}

function Raw({ text }: { text: string }) {
  const shown = text.length > 20_000 ? `${text.slice(0, 20_000)}\n…` : text
  return (
    <pre tabIndex={0} className="max-h-96 overflow-auto rounded-xl bg-field p-3 font-mono text-[0.8rem]">
      {shown}
    </pre>
  )
}

function Findings({ preview }: { preview: ProfilePreview }) {
  const t = useOutputText()
  if (preview.problems.length > 0) {
    return (
      <div role="alert" className="mb-3 rounded-2xl border border-bad/40 bg-bad-soft px-4 py-2">
        <b>{t('problems')}</b>
        <ul className="max-h-40 list-disc overflow-y-auto pl-5 text-[0.88rem]">
          {noticeTexts(preview.problems, preview.problem_notices).map((problem) => (
            <li key={problem}>{problem}</li>
          ))}
        </ul>
      </div>
    )
  }
  if (preview.total_findings === 0) return <p className="mb-2 text-[0.88rem] text-good">{t('noFindings')}</p>
  return (
    <details className="mb-3 rounded-2xl border border-warn/40 bg-warn-soft px-4 py-2" open>
      <summary className="font-semibold text-heading">
        {t('findings', { count: preview.total_findings })}
      </summary>
      <ul className="max-h-40 overflow-y-auto text-[0.88rem]">
        {preview.findings.map((finding, index) => (
          <li key={index}>
            {t('row', { row: finding.row + 1 })}: {noticeText(finding.message, finding.notice)}
          </li>
        ))}
      </ul>
    </details>
  )
}

function Rows({ preview }: { preview: ProfilePreview }) {
  const t = useOutputText()
  const marked = new Map(
    preview.findings.map((finding) => [
      `${finding.row}:${finding.column}`,
      noticeText(finding.message, finding.notice),
    ]),
  )
  return (
    <div className="max-h-96 overflow-auto" tabIndex={0} role="group" aria-label={t('preview')}>
      <table className="data-table">
        <thead className="sticky top-0 bg-[oklch(0.95_0.025_228)]">
          <tr>
            {preview.columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {preview.rows.slice(0, 100).map((row, index) => (
            <tr key={index}>
              {preview.columns.map((column) => {
                const finding = marked.get(`${index}:${column}`)
                return (
                  <td
                    key={column}
                    title={finding}
                    className={finding ? 'bg-bad-soft text-bad' : 'whitespace-nowrap'}
                  >
                    {row[column] ?? '–'}
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
