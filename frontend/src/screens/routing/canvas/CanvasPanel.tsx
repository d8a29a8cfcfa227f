/** The routing canvas: toolbar, figures and the timeline of the active routing. */
import clsx from 'clsx'
import { Clock, Columns2, Redo2, Undo2 } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/ui/Button'
import { Card } from '@/ui/Card'
import { Empty } from '@/ui/PanelState'
import { TextLink } from '@/ui/TextLink'
import { formatNumber, formatPercent } from '@/i18n/format'
import { PredictionWarnings } from '../metrics/PredictionWarnings'
import { totals, type Operation } from '../store/operation'
import { activeDocument, useRouting } from '../store/routingStore'
import { useRoutingText } from '../texts'
import { CompareDialog } from './CompareDialog'
import { DifferenceView } from './DifferenceView'
import { OperationEvidence } from './OperationEvidence'
import { OperationList } from './OperationList'
import { RuleCheck } from './RuleCheck'
import { ShortcutHelp } from './ShortcutHelp'
import { Timeline } from './Timeline'

export function CanvasPanel() {
  const t = useRoutingText()
  const document = useRouting(activeDocument)
  const several = useRouting((state) => state.documents.length > 1)
  const undo = useRouting((state) => state.undo)
  const redo = useRouting((state) => state.redo)
  const [comparing, setComparing] = useState(false)
  const [view, setView] = useState<View>('timeline')

  return (
    <Card
      title={t('canvas')}
      description={document ? <Totals operations={document.operations.present} /> : t('canvasAbout')}
      actions={
        <>
          <div
            role="group"
            aria-label={t('view')}
            className="flex overflow-hidden rounded-full border border-line-strong"
          >
            {VIEWS.map((one) => (
              <button
                key={one}
                type="button"
                aria-pressed={view === one}
                onClick={() => setView(one)}
                className={clsx(
                  'px-3 py-1 text-[0.86rem]',
                  view === one
                    ? 'bg-accent-soft font-semibold text-heading'
                    : 'bg-field hover:bg-accent-soft/60',
                )}
              >
                {t(`view.${one}`)}
              </button>
            ))}
          </div>
          <ShortcutHelp />
          <Button
            size="sm"
            icon={Columns2}
            disabled={!several}
            title={several ? undefined : t('compareOnlyOne')}
            onClick={() => setComparing(true)}
          >
            {t('compare')}
          </Button>
          <Button size="sm" icon={Undo2} disabled={!document?.operations.past.length} onClick={undo}>
            {t('undo')}
          </Button>
          <Button size="sm" icon={Redo2} disabled={!document?.operations.future.length} onClick={redo}>
            {t('redo')}
          </Button>
        </>
      }
    >
      <div id="routing-canvas">{document ? <CanvasBody view={view} /> : <NoRouting />}</div>
      {comparing && <CompareDialog onClose={() => setComparing(false)} />}
    </Card>
  )
}

function NoRouting() {
  const t = useRoutingText()
  const prediction = useRouting((state) => state.prediction)
  return (
    <>
      <PredictionWarnings prediction={prediction} />
      <Empty title={t('tabsEmpty')} hint={t('tabsEmptyHint')} />
    </>
  )
}

const VIEWS = ['timeline', 'list', 'difference'] as const
type View = (typeof VIEWS)[number]

function CanvasBody({ view }: { view: View }) {
  const t = useRoutingText()
  const document = useRouting(activeDocument)
  const prediction = useRouting((state) => state.prediction)
  if (!document) return null
  const summary = document.summary
  /** The word for a value of the server; one that is not known stays as it is. */
  const named = (kind: string, value: string) => {
    const key = `${kind}.${value}`
    const word = t(key as 'tier.HIGH')
    return word === key ? value : word
  }
  return (
    <>
      <PredictionWarnings prediction={prediction} itemCode={document.itemCode} />
      {view === 'difference' ? (
        <DifferenceView document={document} />
      ) : view === 'list' ? (
        <OperationList document={document} />
      ) : (
        <Timeline key={document.id} document={document} />
      )}
      <OperationEvidence />
      <RuleCheck document={document} />
      <p className="mt-2 text-[0.86rem] text-muted">
        {t('activeItem')}:{' '}
        <TextLink
          href={`/master-data?item=${encodeURIComponent(document.itemCode)}`}
          className="font-semibold"
          title={t('openItem', { code: document.itemCode })}
        >
          {document.itemCode}
        </TextLink>
        {summary?.REFERENCE_ITEM_CD &&
          ` · ${t('reference')}: ${summary.REFERENCE_ITEM_CD === 'ML_PREDICTED' ? t('merged') : summary.REFERENCE_ITEM_CD}`}
        {summary?.SIMILARITY_SCORE != null &&
          ` · ${t('similarityScore')}: ${formatPercent(summary.SIMILARITY_SCORE, 1)}`}
        {summary?.SIMILARITY_TIER && ` · ${named('tier', summary.SIMILARITY_TIER)}`}
        {summary?.PRIORITY && ` · ${named('priority', summary.PRIORITY)}`}
        {summary?.ROUTING_SIGNATURE && (
          <>
            {' · '}
            <bdi>{summary.ROUTING_SIGNATURE}</bdi>
          </>
        )}
      </p>
    </>
  )
}

function Totals({ operations }: { operations: readonly Operation[] }) {
  const t = useRoutingText()
  const sums = totals(operations)
  return (
    <>
      <span className="mr-3 inline-flex items-center gap-1.5 text-heading">
        <Clock className="size-4 text-accent-ink" aria-hidden />
        {t('totalRun', { minutes: formatNumber(sums.run) })}
      </span>
      {t('totalsDetail', {
        setup: formatNumber(sums.setup),
        wait: formatNumber(sums.wait),
        lead: formatNumber(sums.lead),
        count: operations.length,
      })}
    </>
  )
}
