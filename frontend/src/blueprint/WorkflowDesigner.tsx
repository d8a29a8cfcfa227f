/** The workflow designer below the routing canvas: double click a node to edit its settings, SAVE stores and applies. */
import { Save } from 'lucide-react'
import { useState } from 'react'
import { useIsAdmin } from '@/session/session'
import { Button } from '@/ui/Button'
import { Dialog } from '@/ui/Dialog'
import { goToWrongNumber } from '@/ui/NumberField'
import { Failed, Loading } from '@/ui/PanelState'
import { useCommonText } from '@/i18n/common'
import { BlueprintCanvas } from './BlueprintCanvas'
import { GraphState } from './GraphState'
import { nodeLabel } from './nodeLabel'
import { NodeSettings } from './NodeSettings'
import { useBlueprintText } from './texts'
import { useBlueprintDocument } from './useBlueprintDocument'

export default function WorkflowDesigner() {
  const t = useBlueprintText()
  const common = useCommonText()
  const isAdmin = useIsAdmin()
  const document = useBlueprintDocument()
  const [openId, setOpenId] = useState<string | null>(null)
  const error = document.workflow.error ?? document.nodeTypes.error
  const node = document.graph?.nodes.find((one) => one.id === openId)

  /** A number that cannot be used is not left behind unsaid. */
  const close = () => {
    if (!goToWrongNumber(window.document.querySelector('[role="dialog"]') ?? undefined)) setOpenId(null)
  }

  return (
    <section className="card p-5" aria-label={t('designer')}>
      <header className="mb-3 flex flex-wrap items-start justify-between gap-3">
        <div>
          <div className="text-[0.8rem] font-semibold tracking-wider text-accent-ink">{t('eyebrow')}</div>
          <h2 className="text-[1.2rem]">{t('designer')}</h2>
          <p className="text-[0.88rem] text-muted">{t('designerAbout')}</p>
        </div>
        <div className="flex flex-wrap items-center gap-3">
          <GraphState document={document} />
          <Button
            variant="primary"
            icon={Save}
            busy={document.saving}
            disabled={!isAdmin || !document.changed}
            title={isAdmin ? undefined : common('adminOnly')}
            onClick={() => void document.save()}
          >
            {t('saveLayout')}
          </Button>
        </div>
      </header>
      {document.graph ? (
        <BlueprintCanvas
          types={document.types}
          check={document.check}
          readOnly={!isAdmin}
          height={420}
          onOpenNode={setOpenId}
        />
      ) : error ? (
        <Failed
          error={error}
          onRetry={() => void Promise.all([document.workflow.refetch(), document.nodeTypes.refetch()])}
        />
      ) : (
        <Loading rows={6} />
      )}
      <Dialog
        open={node !== undefined}
        onClose={close}
        title={node ? nodeLabel(node, document.types.get(node.type)) : ''}
        footer={<Button onClick={close}>{common('close')}</Button>}
      >
        {node && <NodeSettings nodeId={node.id} document={document} readOnly={!isAdmin} />}
      </Dialog>
    </section>
  )
}
