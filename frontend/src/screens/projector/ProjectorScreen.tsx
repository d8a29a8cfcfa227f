/** 임베딩 보기: the item vectors of the active model in two dimensions, drawn here without any outside service. */
import { Crosshair } from 'lucide-react'
import { useMemo, useState } from 'react'
import { useLocation } from 'wouter'
import { statusOf } from '@/api/errors'
import { useVisualization } from '@/api/visualization'
import { useMaster } from '@/screens/master-data/masterStore'
import { useRouting } from '@/screens/routing/store/routingStore'
import { featureLabel, usePlantStore } from '@/api/plant'
import { Button } from '@/ui/Button'
import { Card } from '@/ui/Card'
import { SelectField, TextField } from '@/ui/Field'
import { Empty, Failed, Loading, QueryPanel } from '@/ui/PanelState'
import { notify } from '@/ui/toasts'
import { formatNumber, formatPercent } from '@/i18n/format'
import { groupsOf, shadesOf } from './colours'
import { ScatterView } from './ScatterView'
import { useProjectorText } from './texts'
import { useEmbedding, type Embedding } from './useEmbedding'

export default function ProjectorScreen() {
  const t = useProjectorText()
  const view = useVisualization()
  if (view.data?.projector_available) return <ReadEmbedding key={view.data.projector_path} />
  return (
    <Card title={t('title')} description={t('about')}>
      <QueryPanel query={view} rows={6}>
        {() => <Empty title={t('missing')} hint={t('missingHint')} />}
      </QueryPanel>
    </Card>
  )
}

function ReadEmbedding() {
  const t = useProjectorText()
  const [attempt, setAttempt] = useState(0)
  const state = useEmbedding(attempt)
  if (state.state === 'ready') return <EmbeddingView embedding={state.embedding} />
  return (
    <Card title={t('title')} description={t('about')}>
      {state.state === 'failed' ? (
        statusOf(state.error) === 404 ? (
          <Empty title={t('missing')} hint={t('missingHint')} />
        ) : (
          <Failed error={state.error} onRetry={() => setAttempt(attempt + 1)} />
        )
      ) : (
        <>
          <p role="status" className="mb-3">
            {state.state === 'reading'
              ? t('reading', { count: formatNumber(state.count, 0) })
              : t('projecting')}
          </p>
          <Loading rows={6} />
        </>
      )}
    </Card>
  )
}

function EmbeddingView({ embedding }: { embedding: Embedding }) {
  const t = useProjectorText()
  const names = [...embedding.columns.keys()].filter((name) => name !== 'ITEM_CD')
  const levels = usePlantStore((state) => state.plant?.item.levels ?? [])
  const [column, setColumn] = useState(names.find((name) => levels.includes(name)) ?? names[0] ?? '')
  const [search, setSearch] = useState('')
  const [chosen, setChosen] = useState<number | null>(null)
  const [resets, setResets] = useState(0)
  const groups = useMemo(
    () => groupsOf(embedding.columns.get(column) ?? [], t('others')),
    [embedding, column, t],
  )
  const wanted = search.trim().toLowerCase()
  const hits = useMemo(() => {
    if (!wanted) return null
    const columns = [...embedding.columns.values()]
    return new Set(
      embedding.codes.flatMap((_, index) =>
        columns.some((values) => values[index]?.toLowerCase().includes(wanted)) ? [index] : [],
      ),
    )
  }, [embedding, wanted])
  const colours = useMemo(
    () => shadesOf(embedding.codes.length, groups.ofPoint, hits, chosen),
    [embedding, groups, hits, chosen],
  )

  return (
    <div className="grid items-start gap-5 xl:grid-cols-[minmax(0,1fr)_320px]">
      <Card
        title={t('title')}
        description={t('about')}
        actions={
          <Button size="sm" icon={Crosshair} onClick={() => setResets(resets + 1)}>
            {t('reset')}
          </Button>
        }
      >
        <ScatterView
          positions={embedding.positions}
          colours={colours}
          label={`${t('title')}, ${t('points', { count: embedding.codes.length })}`}
          resets={resets}
          onChoose={setChosen}
        />
        <p className="mt-2 text-[0.84rem] text-muted">
          {t('points', { count: formatNumber(embedding.codes.length, 0) })} ·{' '}
          {t('explained', { share: formatPercent(embedding.explained, 1) })}
          {embedding.limited &&
            ` · ${t('limited', { count: formatNumber(embedding.codes.length, 0) })}`} · {t('help')}
        </p>
      </Card>
      <div className="flex flex-col gap-5">
        <Card>
          <div className="flex flex-col gap-3">
            <SelectField
              label={t('colour')}
              value={column}
              options={[
                { value: '', label: t('none') },
                ...names.map((name) => ({ value: name, label: featureLabel(name) })),
              ]}
              onChange={(event) => setColumn(event.target.value)}
            />
            <ul className="flex flex-wrap gap-x-3 gap-y-1 text-[0.84rem]">
              {groups.legend.map((entry) => (
                <li key={entry.name} className="flex items-center gap-1.5">
                  <span
                    aria-hidden
                    className="size-3 rounded-full border border-line-strong"
                    style={{ background: entry.colour }}
                  />
                  {entry.name || '–'} ({formatNumber(entry.count, 0)})
                </li>
              ))}
            </ul>
            <TextField
              label={t('search')}
              type="search"
              hint={hits ? t('found', { count: formatNumber(hits.size, 0) }) : undefined}
              value={search}
              onChange={(event) => setSearch(event.target.value)}
            />
          </div>
        </Card>
        <Card title={t('selected')}>
          {chosen === null ? (
            <p className="text-muted">{t('choose')}</p>
          ) : (
            <Chosen embedding={embedding} index={chosen} />
          )}
        </Card>
      </div>
    </div>
  )
}

function Chosen({ embedding, index }: { embedding: Embedding; index: number }) {
  const t = useProjectorText()
  const [, navigate] = useLocation()
  const code = embedding.codes[index] ?? ''
  return (
    <>
      <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-1 text-[0.88rem]">
        {[...embedding.columns.entries()].map(([name, values]) => (
          <div key={name} className="contents">
            <dt className="text-muted" title={name}>
              {featureLabel(name)}
            </dt>
            <dd className="font-medium break-words text-heading">{values[index] || '–'}</dd>
          </div>
        ))}
      </dl>
      <div className="mt-3 flex flex-wrap gap-2">
        <Button
          size="sm"
          onClick={() => {
            useMaster.getState().open([code])
            navigate('/master-data')
          }}
        >
          {t('openMaster')}
        </Button>
        <Button
          size="sm"
          onClick={() => {
            const { inputs, setInputs } = useRouting.getState()
            setInputs({ codes: inputs.codes.trim() ? `${inputs.codes.trimEnd()}\n${code}` : code })
            notify('good', t('added', { code }))
          }}
        >
          {t('addRouting')}
        </Button>
      </div>
    </>
  )
}
