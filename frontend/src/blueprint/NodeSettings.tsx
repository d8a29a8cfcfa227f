/** The settings of a node: a form made from its type's JSON schema, its connections, its problems. */
import { Link2, Trash2, X } from 'lucide-react'
import { useState } from 'react'
import type { GraphNode } from '@/api/types'
import { Button, IconButton } from '@/ui/Button'
import { SelectField, TextField } from '@/ui/Field'
import { currentLanguage } from '@/i18n'
import { useBlueprint } from './blueprintStore'
import { withSetting } from './effective'
import { connect, removeFrom, sharedPort } from './graph'
import { nodeLabel } from './nodeLabel'
import { portWord } from './portWords'
import { OptionField } from './OptionField'
import { problemText } from './problemText'
import { useBlueprintText } from './texts'
import type { BlueprintDocument } from './useBlueprintDocument'

interface NodeSettingsProps {
  nodeId: string
  document: BlueprintDocument
  readOnly: boolean
}

export function NodeSettings({ nodeId, document, readOnly }: NodeSettingsProps) {
  const t = useBlueprintText()
  const { graph, types } = document
  const node = graph?.nodes.find((one) => one.id === nodeId)
  if (!graph || !node) return <p className="text-muted">{t('nothingSelected')}</p>

  const type = types.get(node.type)
  const options = Object.entries(type?.options_schema.properties ?? {})
  const required = new Set(type?.options_schema.required)
  const problems = document.check?.problems.filter((problem) => problem.node_id === nodeId) ?? []
  const change = (values: Partial<GraphNode>) =>
    useBlueprint
      .getState()
      .edit({ ...graph, nodes: graph.nodes.map((one) => (one.id === nodeId ? { ...one, ...values } : one)) })
  const set = (name: string, value: unknown) => {
    const { [name]: _old, ...rest } = (node.settings ?? {}) as Record<string, unknown>
    change({ settings: value === undefined ? rest : { ...rest, [name]: value } })
  }

  return (
    <div className="flex flex-col gap-4">
      <p className="text-[0.88rem] text-muted">
        {type && (currentLanguage() === 'ko' ? type.help_ko : type.help_en)}
      </p>
      {problems.length > 0 && (
        <ul className="rounded-xl border border-bad/40 bg-bad-soft px-4 py-2 text-[0.88rem] text-bad">
          {problems.map((problem) => (
            <li key={problem.reason + problem.message}>{problemText(problem, graph, types)}</li>
          ))}
        </ul>
      )}
      <TextField
        label={t('nodeLabel')}
        maxLength={100}
        disabled={readOnly}
        value={nodeLabel(node, type)}
        onChange={(event) => change({ label: event.target.value })}
      />
      {options.length === 0 && <p className="text-[0.88rem] text-muted">{t('noOptions')}</p>}
      {options.map(([name, schema]) => (
        <OptionField
          key={name}
          name={name}
          schema={withSetting(schema, document.workflow.data)}
          required={required.has(name)}
          readOnly={readOnly}
          value={(node.settings as Record<string, unknown> | undefined)?.[name]}
          onChange={(value) => set(name, value)}
        />
      ))}
      <Connections nodeId={nodeId} document={document} readOnly={readOnly} />
      {!readOnly && (
        <Button
          variant="danger"
          size="sm"
          icon={Trash2}
          className="self-start"
          onClick={() => {
            useBlueprint.getState().edit(removeFrom(graph, [{ id: nodeId }]))
            useBlueprint.getState().select(null)
          }}
        >
          {t('removeNode')}
        </Button>
      )}
    </div>
  )
}

/** Edges of a node; joining by keyboard as well as by dragging. */
function Connections({ nodeId, document, readOnly }: NodeSettingsProps) {
  const t = useBlueprintText()
  const [target, setTarget] = useState('')
  const { graph, types } = document
  if (!graph) return null
  const nodeOf = (id: string) => graph.nodes.find((node) => node.id === id)
  const typeOf = (id: string) => types.get(nodeOf(id)?.type ?? '')
  const nameOf = (id: string) => nodeLabel({ label: nodeOf(id)?.label ?? id }, typeOf(id))
  const edges = graph.edges.filter((edge) => edge.source === nodeId || edge.target === nodeId)
  const possible = graph.nodes.filter(
    (node) =>
      node.id !== nodeId &&
      sharedPort(typeOf(nodeId), typeOf(node.id)) &&
      !graph.edges.some((edge) => edge.source === nodeId && edge.target === node.id),
  )
  return (
    <section aria-label={t('connections')}>
      <h3 className="text-[0.92rem]">{t('connections')}</h3>
      <ul className="my-1 flex flex-col gap-1 text-[0.88rem]">
        {edges.map((edge) => (
          <li key={edge.id} className="tile flex items-center justify-between gap-2 px-3 py-1">
            <span className="truncate">
              {nameOf(edge.source)} → {nameOf(edge.target)}{' '}
              <span className="text-muted">({portWord(edge.kind)})</span>
            </span>
            {!readOnly && (
              <IconButton
                icon={X}
                label={t('disconnect', { name: nameOf(edge.source === nodeId ? edge.target : edge.source) })}
                onClick={() =>
                  useBlueprint
                    .getState()
                    .edit({ ...graph, edges: graph.edges.filter((other) => other.id !== edge.id) })
                }
              />
            )}
          </li>
        ))}
      </ul>
      {!readOnly && possible.length > 0 && (
        <div className="flex items-end gap-2">
          <SelectField
            className="flex-1"
            label={t('connectTo')}
            value={target}
            options={[
              { value: '', label: '–' },
              ...possible.map((node) => ({ value: node.id, label: nameOf(node.id) })),
            ]}
            onChange={(event) => setTarget(event.target.value)}
          />
          <Button
            size="sm"
            icon={Link2}
            className="mb-1"
            disabled={!target}
            onClick={() => {
              const next = connect(graph, types, nodeId, target)
              if (next) useBlueprint.getState().edit(next)
              setTarget('')
            }}
          >
            {t('connect')}
          </Button>
        </div>
      )}
    </section>
  )
}
