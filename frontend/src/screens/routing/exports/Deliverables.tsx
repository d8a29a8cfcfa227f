/** 시각화 & 전달물: where the embedding and the graph are, and the last prediction as files on the server. */
import { useMutation } from '@tanstack/react-query'
import { ExternalLink, FileDown } from 'lucide-react'
import { useState } from 'react'
import { Link } from 'wouter'
import { describeError } from '@/api/errors'
import { useWorkflow } from '@/api/workflow'
import { Button } from '@/ui/Button'
import { Card } from '@/ui/Card'
import { notify } from '@/ui/toasts'
import { featuresFor, predict, requestOf } from '../inputs/usePrediction'
import { useRouting } from '../store/routingStore'
import { useRoutingText } from '../texts'

const SERVER_FORMATS = ['csv', 'excel', 'txt', 'parquet', 'json'] as const
type ServerFormat = (typeof SERVER_FORMATS)[number]

function safeUrl(text: string | null | undefined): string | null {
  return text && /^https?:\/\//i.test(text) ? text : null
}

export function Deliverables() {
  const t = useRoutingText()
  const workflow = useWorkflow()
  const view = workflow.data?.visualization
  const neo4j = view?.neo4j_enabled ? safeUrl(view.neo4j_browser_url) : null
  const link = 'inline-flex items-center gap-1.5 font-medium text-accent-ink underline underline-offset-2'
  return (
    <Card title={t('deliverables')} description={t('deliverablesAbout')}>
      <dl className="grid gap-3 sm:grid-cols-2">
        <div>
          <dt className="font-semibold text-heading">{t('projector')}</dt>
          <dd>
            {view?.projector_enabled === false ? (
              <span className="text-muted">{t('projectorOff')}</span>
            ) : (
              <Link href="/projector" className={link}>
                {t('projectorOpen')}
              </Link>
            )}
          </dd>
        </div>
        <div>
          <dt className="font-semibold text-heading">{t('neo4j')}</dt>
          <dd>
            {neo4j ? (
              <a href={neo4j} target="_blank" rel="noreferrer noopener" className={link}>
                <ExternalLink className="size-4" aria-hidden />
                {t('neo4jOpen')}
              </a>
            ) : (
              <span className="text-muted">{t('neo4jOff')}</span>
            )}
          </dd>
        </div>
        <div className="sm:col-span-2">
          <dt className="font-semibold text-heading">{t('exportFiles')}</dt>
          <dd>
            <ServerExport />
          </dd>
        </div>
      </dl>
    </Card>
  )
}

function ServerExport() {
  const t = useRoutingText()
  const prediction = useRouting((state) => state.prediction)
  const inputs = useRouting((state) => state.inputs)
  const workflow = useWorkflow()
  const [chosen, setChosen] = useState<ServerFormat[]>(['csv'])
  const [files, setFiles] = useState<string[]>([])
  const enabled = SERVER_FORMATS.filter((format) => workflow.data?.export[`enable_${format}`] !== false)

  const write = useMutation({
    mutationFn: async () => {
      const codes = [...new Set((prediction?.items ?? []).map((item) => item.ITEM_CD))]
      return predict({
        ...requestOf(inputs, codes, await featuresFor(inputs)),
        export_formats: chosen.filter((format) => enabled.includes(format)),
      })
    },
    onSuccess: (response) => {
      const found = (response.metrics as { exported_files?: unknown } | undefined)?.exported_files
      const paths = Array.isArray(found) ? found.map(String) : []
      setFiles(paths)
      notify('good', t('exportDone', { count: paths.length }))
    },
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
      {files.length > 0 && (
        <ul className="mt-2 font-mono text-[0.82rem] break-all">
          {files.map((file) => (
            <li key={file}>{file}</li>
          ))}
        </ul>
      )}
    </>
  )
}
