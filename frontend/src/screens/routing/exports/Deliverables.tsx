/** 시각화 & 전달물: where the embedding and the graph are, and the last prediction as files on the server. */
import { useMutation } from '@tanstack/react-query'
import { ExternalLink, FileDown } from 'lucide-react'
import { useState } from 'react'
import { Link } from 'wouter'
import { send } from '@/api/client'
import { describeError } from '@/api/errors'
import { plantAddress, useVisualization } from '@/api/visualization'
import { useWorkflow } from '@/api/workflow'
import { Button } from '@/ui/Button'
import { Card } from '@/ui/Card'
import { downloadAnswer } from '@/ui/files'
import { QueryPanel } from '@/ui/PanelState'
import { notify } from '@/ui/toasts'
import { requestOf } from '../inputs/usePrediction'
import { useRouting } from '../store/routingStore'
import { useRoutingText } from '../texts'

const SERVER_FORMATS = ['csv', 'excel', 'txt', 'parquet', 'json'] as const
type ServerFormat = (typeof SERVER_FORMATS)[number]

const LINK = 'inline-flex items-center gap-1.5 font-medium text-accent-ink underline underline-offset-2'

export function Deliverables() {
  const t = useRoutingText()
  return (
    <Card title={t('deliverables')} description={t('deliverablesAbout')}>
      <Views />
      <h3 className="mt-3 text-[1rem]">{t('exportFiles')}</h3>
      <ServerExport />
    </Card>
  )
}

/** A link only where it leads somewhere; else why there is none. */
function Views() {
  const t = useRoutingText()
  const view = useVisualization()
  return (
    <QueryPanel query={view} rows={2}>
      {(data) => {
        const neo4j = data.neo4j_enabled ? plantAddress(data.neo4j_browser_url) : null
        return (
          <dl className="grid gap-3 sm:grid-cols-2">
            <div>
              <dt className="font-semibold text-heading">{t('projector')}</dt>
              <dd>
                {data.projector_available ? (
                  <Link href="/projector" className={LINK}>
                    {t('projectorOpen')}
                  </Link>
                ) : (
                  <span className="text-muted">
                    {t(data.projector_enabled ? 'projectorMissing' : 'projectorOff')}
                  </span>
                )}
              </dd>
            </div>
            <div>
              <dt className="font-semibold text-heading">{t('neo4j')}</dt>
              <dd className="text-muted">
                {!data.neo4j_enabled ? t('neo4jOff') : !data.neo4j_available && t('neo4jNone')}
                {neo4j && (
                  <a href={neo4j} target="_blank" rel="noreferrer noopener" className={LINK}>
                    <ExternalLink className="size-4" aria-hidden />
                    {t('neo4jOpen')}
                  </a>
                )}
              </dd>
            </div>
          </dl>
        )
      }}
    </QueryPanel>
  )
}

function ServerExport() {
  const t = useRoutingText()
  const prediction = useRouting((state) => state.prediction)
  const inputs = useRouting((state) => state.inputs)
  const workflow = useWorkflow()
  const [chosen, setChosen] = useState<ServerFormat[]>(['csv'])
  const enabled = SERVER_FORMATS.filter((format) => workflow.data?.export[`enable_${format}`] !== false)

  const write = useMutation({
    mutationFn: async () => {
      const codes = [...new Set((prediction?.items ?? []).map((item) => item.ITEM_CD))]
      const body = requestOf(inputs, codes)
      const wanted = chosen.filter((format) => enabled.includes(format))
      for (const format of wanted) {
        const answer = await send('post', '/api/predict/export', {
          query: { format, target: 'download' },
          body,
        })
        await downloadAnswer(answer, `routings.${format === 'excel' ? 'xlsx' : format}`)
      }
      return wanted.length
    },
    onSuccess: (count) => notify('good', t('exportDone', { count })),
    onError: (error) => notify('bad', describeError(error)),
  })

  return (
    <>
      <p className="text-[0.86rem] text-muted">
        {t(prediction ? 'exportFilesHint' : 'exportNeedsPrediction')}
      </p>
      <div className="mt-1 flex flex-wrap items-center gap-x-4 gap-y-2">
        {enabled.map((format) => (
          <label key={format} className="inline-flex items-center gap-1.5">
            <input
              type="checkbox"
              className="size-4 accent-fill"
              checked={chosen.includes(format)}
              onChange={(event) =>
                setChosen(
                  event.target.checked ? [...chosen, format] : chosen.filter((other) => other !== format),
                )
              }
            />
            {format.toUpperCase()}
          </label>
        ))}
        <Button
          size="sm"
          icon={FileDown}
          busy={write.isPending}
          disabled={!prediction?.items.length || chosen.length === 0}
          onClick={() => write.mutate()}
        >
          {t('exportRun')}
        </Button>
      </div>
    </>
  )
}
