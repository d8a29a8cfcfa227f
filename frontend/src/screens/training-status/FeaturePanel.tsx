/** Feature weights with toggles. What is switched takes effect in the next training or in this browser's predictions. */
import { useMemo, useState } from 'react'
import { describeError } from '@/api/errors'
import { useNodeTypes, type Graph } from '@/api/blueprint'
import { useModelFeatures, type ModelFeatures } from '@/api/features'
import { useReport } from '@/api/reports'
import { useWorkflow, useWorkflowPatch } from '@/api/workflow'
import { graphOf } from '@/blueprint/useBlueprintDocument'
import { useIsAdmin } from '@/session/session'
import { useRouting } from '@/screens/routing/store/routingStore'
import { featureLabel } from '@/api/plant'
import { Button } from '@/ui/Button'
import { Card } from '@/ui/Card'
import { Choice } from '@/ui/Choice'
import { Empty, QueryPanel } from '@/ui/PanelState'
import { notify } from '@/ui/toasts'
import { formatPercent } from '@/i18n/format'
import { useTrainingText } from './texts'

export function FeaturePanel({ version }: { version: string | null }) {
  const t = useTrainingText()
  const features = useModelFeatures()
  return (
    <Card title={t('weights')} description={t('featuresAbout')}>
      <QueryPanel
        query={features}
        rows={6}
        isEmpty={(data) => data === null}
        empty={<Empty title={t('noActive')} />}
      >
        {(data) => data && <Toggles features={data} version={version} />}
      </QueryPanel>
    </Card>
  )
}

/** The graph with the active features of its weights node replaced; a missing node is added. */
function withActive(graph: Graph, active: Record<string, boolean>): Graph {
  const found = graph.nodes.find((node) => node.type === 'weights')
  if (found) {
    return {
      ...graph,
      nodes: graph.nodes.map((node) =>
        node === found
          ? {
              ...node,
              settings: { ...node.settings, active: { ...(node.settings?.active as object), ...active } },
            }
          : node,
      ),
    }
  }
  const encoder = graph.nodes.find((node) => node.type === 'encoder')
  const node = {
    id: 'weights',
    label: 'Feature weights',
    type: 'weights',
    category: 'features',
    position: { x: 0, y: 200 },
    settings: { active },
  }
  const edges = encoder
    ? [
        ...graph.edges,
        { id: `weights-${encoder.id}`, source: 'weights', target: encoder.id, kind: 'weights' },
      ]
    : graph.edges
  return { nodes: [...graph.nodes, node], edges }
}

function Toggles({ features, version }: { features: ModelFeatures; version: string | null }) {
  const t = useTrainingText()
  const isAdmin = useIsAdmin()
  const workflow = useWorkflow()
  const nodeTypes = useNodeTypes()
  const patch = useWorkflowPatch()
  const importance = useReport(version, 'feature_importance').data
  const [changes, setChanges] = useState<Record<string, boolean>>({})
  const [target, setTarget] = useState<'training' | 'query'>(isAdmin ? 'training' : 'query')

  const names = useMemo(
    () =>
      Object.keys(features.weights).sort((a, b) => (features.weights[b] ?? 0) - (features.weights[a] ?? 0)),
    [features],
  )
  const isOn = (name: string) => changes[name] ?? features.active_features[name] !== false
  const sum = names.filter(isOn).reduce((total, name) => total + (features.weights[name] ?? 0), 0)
  const share = (name: string) =>
    importance?.[name] ?? (isOn(name) && sum > 0 ? (features.weights[name] ?? 0) / sum : 0)
  const count = Object.keys(changes).length

  const apply = async () => {
    if (target === 'query') {
      const { inputs, setInputs } = useRouting.getState()
      const off = Object.entries(changes).map(([name, on]) => [name, on ? 1 : 0] as const)
      const custom = { ...inputs.customWeights, ...Object.fromEntries(off) }
      setInputs({ weightProfile: 'custom', customWeights: custom })
    } else if (workflow.data && nodeTypes.data) {
      const graph = withActive(graphOf(workflow.data, nodeTypes.data.default_graph), changes)
      try {
        await patch.mutateAsync({ patch: { graph }, revision: workflow.data.revision })
      } catch (error) {
        notify('bad', describeError(error))
        return
      }
    }
    setChanges({})
    notify('good', t('applied'))
  }

  return (
    <>
      <ul className="max-h-80 overflow-y-auto pr-1">
        {names.map((name) => (
          <li key={name} className="tile mb-1.5">
            <label className="flex cursor-pointer items-center gap-2 px-3 py-1.5">
              <input
                type="checkbox"
                className="size-4 accent-fill"
                checked={isOn(name)}
                onChange={(event) => {
                  const { [name]: _old, ...rest } = changes
                  const original = features.active_features[name] !== false
                  setChanges(
                    event.target.checked === original ? rest : { ...rest, [name]: event.target.checked },
                  )
                }}
              />
              <span className="min-w-0 flex-1 truncate text-heading" title={name}>
                {featureLabel(name)}
              </span>
              <span className="font-semibold text-accent-ink tabular-nums">
                {formatPercent(share(name), 1)}
              </span>
            </label>
          </li>
        ))}
      </ul>
      <div className="mt-3 flex flex-col gap-2">
        <Choice
          label={t('applyTo')}
          value={target}
          options={[
            { value: 'training', label: t('toTraining'), disabled: !isAdmin },
            { value: 'query', label: t('toQuery') },
          ]}
          onChange={setTarget}
        />
        <p className="text-[0.82rem] text-muted">
          {t(target === 'training' ? 'toTrainingHint' : 'toQueryHint')}
        </p>
        <Button
          size="sm"
          variant="primary"
          className="self-start"
          busy={patch.isPending}
          disabled={count === 0}
          onClick={() => void apply()}
        >
          {t('apply')} {count > 0 && `(${t('changed', { count })})`}
        </Button>
      </div>
    </>
  )
}
