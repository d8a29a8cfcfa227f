/** 알고리즘: the blueprinter. The saved graph is the pipeline that training runs and serving follows. */
import {
  Code,
  Download,
  GitCompare,
  LayoutGrid,
  Play,
  Redo2,
  RotateCcw,
  Save,
  Undo2,
  Upload,
} from 'lucide-react'
import { useState } from 'react'
import { BlueprintCanvas } from '@/blueprint/BlueprintCanvas'
import { arrange } from '@/blueprint/arrange'
import { useBlueprint } from '@/blueprint/blueprintStore'
import { CodeDialog } from '@/blueprint/CodeDialog'
import { hasPositions, isGraph } from '@/blueprint/graph'
import { GraphState } from '@/blueprint/GraphState'
import { NodeLibrary } from '@/blueprint/NodeLibrary'
import { NodeSettings } from '@/blueprint/NodeSettings'
import { problemText } from '@/blueprint/problemText'
import { RevisionsDialog } from '@/blueprint/RevisionsDialog'
import { RunDialog } from '@/blueprint/RunDialog'
import { RunHistory } from '@/blueprint/RunHistory'
import { useBlueprintText } from '@/blueprint/texts'
import { useBlueprintDocument, type BlueprintDocument } from '@/blueprint/useBlueprintDocument'
import { useIsAdmin } from '@/session/session'
import { Button } from '@/ui/Button'
import { Card } from '@/ui/Card'
import { chooseTextFile, downloadFile } from '@/ui/files'
import { goToWrongNumber } from '@/ui/NumberField'
import { Failed, Loading } from '@/ui/PanelState'
import { notify } from '@/ui/toasts'
import { useSaveKey } from '@/ui/useSaveKey'
import { useUndoKeys } from '@/ui/useUndoKeys'
import { useCommonText } from '@/i18n/common'

export default function AlgorithmScreen() {
  const t = useBlueprintText()
  const isAdmin = useIsAdmin()
  const document = useBlueprintDocument()
  const selectedId = useBlueprint((state) => state.selectedId)
  const error = document.workflow.error ?? document.nodeTypes.error

  useUndoKeys(useBlueprint.getState().undo, useBlueprint.getState().redo)
  const save = () => {
    if (isAdmin && document.changed && !document.saving && !goToWrongNumber()) void document.save()
  }
  useSaveKey(save)

  if (!document.graph) {
    return error ? (
      <Failed
        error={error}
        onRetry={() => void Promise.all([document.workflow.refetch(), document.nodeTypes.refetch()])}
      />
    ) : (
      <Loading rows={10} />
    )
  }
  return (
    <div className="flex flex-col gap-5">
      <div className="grid items-start gap-5 xl:grid-cols-[230px_minmax(0,1fr)_280px] 2xl:grid-cols-[280px_minmax(0,1fr)_330px]">
        <NodeLibrary types={document.nodeTypes.data?.types ?? []} readOnly={!isAdmin} />
        <Card title={t('canvas')} actions={<Toolbar document={document} isAdmin={isAdmin} onSave={save} />}>
          <div className="mb-2">
            <GraphState document={document} />
          </div>
          <BlueprintCanvas types={document.types} check={document.check} readOnly={!isAdmin} height={520} />
          <p className="mt-2 text-[0.82rem] text-muted">{t('keyboardHint')}</p>
          <Problems document={document} />
        </Card>
        <Card title={t('inspector')}>
          {selectedId ? (
            <NodeSettings key={selectedId} nodeId={selectedId} document={document} readOnly={!isAdmin} />
          ) : (
            <p className="text-muted">{t('nothingSelected')}</p>
          )}
          <Transfer isAdmin={isAdmin} document={document} />
        </Card>
      </div>
      <RunHistory />
    </div>
  )
}

function Problems({ document }: { document: BlueprintDocument }) {
  const problems = document.check?.problems ?? []
  if (problems.length === 0) return null
  return (
    <ul className="mt-3 max-h-40 overflow-y-auto rounded-xl border border-bad/40 bg-bad-soft px-4 py-2 text-[0.88rem]">
      {problems.map((problem) => (
        <li key={problem.node_id + problem.edge_id + problem.message}>
          {problem.node_id ? (
            <button
              type="button"
              className="text-left text-bad underline underline-offset-2"
              onClick={() => useBlueprint.getState().select(problem.node_id)}
            >
              {problemText(problem, document.graph, document.types)}
            </button>
          ) : (
            problemText(problem, document.graph, document.types)
          )}
        </li>
      ))}
    </ul>
  )
}

interface ToolbarProps {
  document: BlueprintDocument
  isAdmin: boolean
  onSave: () => void
}

function Toolbar({ document, isAdmin, onSave }: ToolbarProps) {
  const t = useBlueprintText()
  const common = useCommonText()
  const [running, setRunning] = useState(false)
  const { edit, undo, redo } = useBlueprint.getState()
  const adminOnly = isAdmin ? undefined : common('adminOnly')
  return (
    <>
      <Button size="sm" icon={Undo2} disabled={!document.history?.past.length} onClick={undo}>
        {t('undo')}
      </Button>
      <Button size="sm" icon={Redo2} disabled={!document.history?.future.length} onClick={redo}>
        {t('redo')}
      </Button>
      <Button
        size="sm"
        icon={LayoutGrid}
        disabled={!isAdmin}
        onClick={() => document.graph && edit(arrange(document.graph))}
      >
        {t('arrange')}
      </Button>
      <Button
        size="sm"
        variant="primary"
        icon={Save}
        busy={document.saving}
        disabled={!isAdmin || !document.changed}
        title={adminOnly}
        onClick={onSave}
      >
        {t('save')}
      </Button>
      <Button size="sm" icon={Play} disabled={!isAdmin} title={adminOnly} onClick={() => setRunning(true)}>
        {t('run')}
      </Button>
      {running && <RunDialog unsaved={document.changed} onClose={() => setRunning(false)} />}
    </>
  )
}

function Transfer({ document, isAdmin }: { document: BlueprintDocument; isAdmin: boolean }) {
  const t = useBlueprintText()
  const [dialog, setDialog] = useState<'code' | 'revisions' | null>(null)
  const { graph } = document

  const importFile = async () => {
    const file = await chooseTextFile('.json,application/json')
    if (!file) return
    try {
      const parsed: unknown = JSON.parse(file.text)
      const found = isGraph(parsed) ? parsed : (parsed as { graph?: unknown } | null)?.graph
      if (!isGraph(found)) throw new Error('graph')
      useBlueprint.getState().edit(hasPositions(found) ? found : arrange(found))
      notify('good', t('imported'))
    } catch {
      notify('bad', t('importWrong'))
    }
  }
  const reset = () => {
    const fallback = document.nodeTypes.data?.default_graph
    if (fallback) useBlueprint.getState().edit(arrange(fallback))
  }

  return (
    <div className="mt-4 grid gap-2 border-t border-line pt-4 sm:grid-cols-3 xl:grid-cols-1">
      <Button size="sm" icon={Code} onClick={() => setDialog('code')}>
        {t('wrapper')}
      </Button>
      <Button size="sm" icon={GitCompare} onClick={() => setDialog('revisions')}>
        {t('revisions')}
      </Button>
      <Button
        size="sm"
        icon={Download}
        onClick={() =>
          graph && downloadFile('blueprint.json', JSON.stringify(graph, null, 2), 'application/json')
        }
      >
        {t('exportJson')}
      </Button>
      {isAdmin && (
        <>
          <Button size="sm" icon={Upload} onClick={() => void importFile()}>
            {t('importJson')}
          </Button>
          <Button size="sm" icon={RotateCcw} onClick={reset}>
            {t('reset')}
          </Button>
          <Button size="sm" icon={Undo2} disabled={!document.changed} onClick={document.discard}>
            {t('discard')}
          </Button>
        </>
      )}
      {dialog === 'code' && (
        <CodeDialog
          draft={document.changed ? (document.check?.wrapper_source ?? null) : null}
          onClose={() => setDialog(null)}
        />
      )}
      {dialog === 'revisions' && <RevisionsDialog readOnly={!isAdmin} onClose={() => setDialog(null)} />}
    </div>
  )
}
