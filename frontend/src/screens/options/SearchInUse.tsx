/** How the active model searches: similarity, index and weights, as its training made them. */
import { CircleCheck } from 'lucide-react'
import type { ReactNode } from 'react'
import { useModelFeatures } from '@/api/features'
import { useVersionDetail, useVersions } from '@/api/training'
import { factsOf } from '@/api/versionFacts'
import { Empty, QueryPanel } from '@/ui/PanelState'
import { formatNumber } from '@/i18n/format'
import { optionWord } from '@/i18n/optionWords'
import { useOptionsText } from './texts'

export function SearchInUse() {
  const t = useOptionsText()
  const versions = useVersions()
  return (
    <QueryPanel
      query={versions}
      rows={2}
      isEmpty={(data) => !data.some((version) => version.active_flag)}
      empty={<Empty title={t('noModel')} />}
    >
      {(data) => <Tiles version={data.find((version) => version.active_flag)?.version_name ?? null} />}
    </QueryPanel>
  )
}

function Tiles({ version }: { version: string | null }) {
  const t = useOptionsText()
  const detail = useVersionDetail(version)
  const features = useModelFeatures().data
  const all = Object.keys(features?.weights ?? {})
  const used = all.filter((name) => features?.active_features[name] !== false)
  return (
    <QueryPanel query={detail} rows={2}>
      {({ manifest }) => {
        const { items, dimension, engine } = factsOf(manifest)
        return (
          <ul className="mb-5 grid gap-3 md:grid-cols-3" aria-label={t('inUse')}>
            <Tile name="Cosine">
              {t('cosine', { items: formatNumber(items, 0), dimensions: formatNumber(dimension, 0) })}
            </Tile>
            <Tile name="HNSW">{t('hnsw', { engine: engine ? optionWord(engine) : '–' })}</Tile>
            <Tile name="Weighted Profile">
              {features ? t('weighted', { used: used.length, all: all.length }) : '–'}
            </Tile>
          </ul>
        )
      }}
    </QueryPanel>
  )
}

function Tile({ name, children }: { name: string; children: ReactNode }) {
  return (
    <li className="tile p-3">
      <CircleCheck className="size-4 text-good" aria-hidden />
      <span className="mt-1 block font-semibold text-heading">{name}</span>
      <span className="block text-[0.86rem] text-muted">{children}</span>
    </li>
  )
}
