/** What another ef_search would do to a sample query, measured on the running system before anything is saved. */
import { useMutation } from '@tanstack/react-query'
import { Gauge } from 'lucide-react'
import { useState } from 'react'
import { request } from '@/api/client'
import { Button } from '@/ui/Button'
import { TextField } from '@/ui/Field'
import { Failed } from '@/ui/PanelState'
import { useRouting } from '@/screens/routing/store/routingStore'
import { parseItemCodes } from '@/screens/routing/inputs/parseItemCodes'
import { formatNumber, formatPercent } from '@/i18n/format'
import { useOptionsText } from './texts'

const EXHAUSTIVE = 4096
const RUNS = 5
const TOP_K = 50

interface SearchAnswer {
  results: { matches: { item_code: string }[] }[]
  metrics?: { search_ms?: number }
}

interface Measured {
  codes: string[]
  milliseconds: number
}

async function measure(item: string, ef: number): Promise<Measured> {
  const times: number[] = []
  let codes: string[] = []
  for (let run = 0; run < RUNS; run++) {
    const started = performance.now()
    const answer = await request<SearchAnswer>('post', '/api/similarity/search', {
      body: { item_codes: [item], top_k: TOP_K, ef_search: ef },
    })
    times.push(answer.metrics?.search_ms ?? performance.now() - started)
    codes = answer.results[0]?.matches.map((match) => match.item_code) ?? []
  }
  times.sort((first, second) => first - second)
  return { codes, milliseconds: times[Math.floor(RUNS / 2)] ?? 0 }
}

function agreement(found: readonly string[], truth: readonly string[]): number | null {
  if (truth.length === 0) return null
  const known = new Set(truth)
  return found.filter((code) => known.has(code)).length / truth.length
}

export function SampleEffect({ now, then }: { now: number; then: number }) {
  const t = useOptionsText()
  const lastCodes = useRouting((state) => state.inputs.codes)
  const [item, setItem] = useState(() => parseItemCodes(lastCodes).codes[0] ?? '')
  const compare = useMutation({
    mutationFn: async () => {
      const code = item.trim()
      const truth = await measure(code, EXHAUSTIVE)
      const before = await measure(code, now)
      const after = await measure(code, then)
      return [
        {
          label: t('effectNow', { ef: now }),
          recall: agreement(before.codes, truth.codes),
          milliseconds: before.milliseconds,
        },
        {
          label: t('effectThen', { ef: then }),
          recall: agreement(after.codes, truth.codes),
          milliseconds: after.milliseconds,
        },
      ]
    },
  })
  const rows = compare.data
  return (
    <section aria-label={t('effect')} className="tile p-3">
      <h3 className="mb-2 text-[0.92rem]">{t('effect')}</h3>
      <form
        className="flex items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault()
          if (item.trim()) compare.mutate()
        }}
      >
        <TextField
          className="flex-1"
          label={t('effectItem')}
          value={item}
          onChange={(event) => setItem(event.target.value)}
        />
        <Button
          type="submit"
          size="sm"
          icon={Gauge}
          busy={compare.isPending}
          disabled={!item.trim()}
          className="mb-1"
        >
          {t('effectRun')}
        </Button>
      </form>
      {compare.isError ? (
        <div className="mt-2">
          <Failed error={compare.error} />
        </div>
      ) : !rows ? (
        <p className="mt-2 text-[0.84rem] text-muted">{t('effectNeedsItem')}</p>
      ) : rows[0]?.recall === null ? (
        <p className="mt-2 text-[0.84rem] text-warn">{t('effectNoMatch')}</p>
      ) : (
        <table className="data-table mt-2">
          <thead>
            <tr>
              <td />
              <th scope="col">{t('effectRecall')}</th>
              <th scope="col">{t('effectLatency')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.label}>
                <th scope="row">{row.label}</th>
                <td className="tabular-nums">{formatPercent(row.recall, 1)}</td>
                <td className="tabular-nums">{formatNumber(row.milliseconds, 2)} ms</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
