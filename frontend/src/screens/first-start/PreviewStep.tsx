/** Step 4: some items with their routings, exactly as they would be read. */
import type { Suggestion } from '@/api/suggestion'
import { formatNumber } from '@/i18n/format'
import { noticeText, noticeTexts } from '@/i18n/notices'
import { Step } from './Step'
import { useGuideText } from './texts'

const TIMES = ['SETUP_TIME', 'RUN_TIME', 'QUEUE_TIME', 'WAIT_TIME', 'MOVE_TIME']

export function PreviewStep({ suggestion }: { suggestion: Suggestion }) {
  const t = useGuideText()
  return (
    <Step number={4} title={t('preview')} about={t('previewAbout')} done={!suggestion.problem}>
      {suggestion.problem && (
        <p role="alert" className="rounded-2xl border border-bad/40 bg-bad-soft px-4 py-3">
          {t('previewFailed')} {noticeText(suggestion.problem, suggestion.problem_notice)}
        </p>
      )}
      {noticeTexts(suggestion.findings, suggestion.finding_notices).map((finding) => (
        <p key={finding} role="note" className="mb-1 text-[0.88rem] text-warn">
          {finding}
        </p>
      ))}
      <div className="grid gap-4 lg:grid-cols-2 2xl:grid-cols-3">
        {suggestion.items.map((item) => (
          <article key={item.code} className="tile min-w-0 p-3" aria-label={item.code}>
            <h3 className="text-[0.95rem] [overflow-wrap:anywhere]">{item.code}</h3>
            <p className="mb-2 text-[0.84rem] text-muted">
              {Object.entries(item.features)
                .filter(([, value]) => value)
                .map(([name, value]) => `${name} ${value}`)
                .join(' · ')}
            </p>
            <Operations rows={item.operations} />
          </article>
        ))}
      </div>
    </Step>
  )
}

function Operations({ rows }: { rows: Record<string, string | null>[] }) {
  const t = useGuideText()
  const names = Object.keys(rows[0] ?? {}).filter(
    (name) => name !== 'ITEM_CD' && rows.some((row) => row[name] !== null),
  )
  return (
    <div className="overflow-x-auto">
      <table className="w-full text-[0.84rem]">
        <thead>
          <tr>
            {names.map((name) => (
              <th
                key={name}
                scope="col"
                className="border-b border-line px-1.5 py-0.5 text-left font-medium text-muted"
              >
                {t(`column.${name}` as 'column.PROC_SEQ', { defaultValue: name })}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={at}>
              {names.map((name) => (
                <td key={name} className="border-b border-line/60 px-1.5 py-0.5 [overflow-wrap:anywhere]">
                  {TIMES.includes(name) && row[name] !== null
                    ? formatNumber(Number(row[name]), 2)
                    : (row[name] ?? '–')}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
