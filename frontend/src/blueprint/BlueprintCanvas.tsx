/** The graph on a dark canvas: drag nodes, connect ports of the same kind, drop nodes of the library. */
import '@xyflow/react/dist/style.css'
import {
  applyNodeChanges,
  Background,
  Controls,
  MiniMap,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  type Connection,
  type Edge,
  type NodeChange,
} from '@xyflow/react'
import { useEffect, useMemo, useRef, useState, type DragEvent, type RefObject } from 'react'
import type { GraphCheck, NodeType } from '@/api/blueprint'
import { currentLanguage } from '@/i18n'
import { commonText } from '@/i18n/common'
import { optionWord } from '@/i18n/optionWords'
import { notify } from '@/ui/toasts'
import { useWorkflow } from '@/api/workflow'
import { BlueprintNode, portColour, type FlowNode } from './BlueprintNode'
import { useBlueprint } from './blueprintStore'
import { isOff } from './effective'
import { addNode, connect, removeFrom, sharedPort, type TypeIndex } from './graph'
import { nodeLabel } from './nodeLabel'
import { problemText } from './problemText'
import { blueprintText, useBlueprintText } from './texts'

export const NODE_MIME = 'application/x-routing-ml-node'
const FIT = { padding: 0.06 }
const NODE_TYPES = { blueprint: BlueprintNode }

interface CanvasProps {
  types: TypeIndex
  check: GraphCheck | undefined
  readOnly: boolean
  height?: number
  onOpenNode?: (id: string) => void
}

export function BlueprintCanvas(props: CanvasProps) {
  return (
    <ReactFlowProvider>
      <Canvas {...props} />
    </ReactFlowProvider>
  )
}

/** Shows the whole graph again when the canvas gets another width. */
function useFitToWidth(frame: RefObject<HTMLDivElement | null>) {
  const { fitView } = useReactFlow()
  useEffect(() => {
    const element = frame.current
    if (!element) return undefined
    let width = element.clientWidth
    const observer = new ResizeObserver(() => {
      if (element.clientWidth === width) return
      width = element.clientWidth
      requestAnimationFrame(() => void fitView(FIT))
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [frame, fitView])
}

export function labelOf(type: NodeType): string {
  return currentLanguage() === 'ko' ? type.label_ko : type.label_en
}

/** A setting of a node that differs from its default, such as "Engine: FAISS". */
function factText(type: NodeType | undefined, name: string, value: unknown): string {
  const schema = type?.options_schema.properties?.[name]
  const title = (currentLanguage() === 'ko' ? schema?.['x-title-ko'] : schema?.title) ?? name
  if (typeof value === 'boolean') return `${title}: ${commonText(value ? 'yes' : 'no')}`
  return `${title}: ${optionWord(String(value))}`
}

function Canvas({ types, check, readOnly, height = 460, onOpenNode }: CanvasProps) {
  const t = useBlueprintText()
  const flow = useReactFlow()
  const graph = useBlueprint((state) => state.history?.present ?? null)
  const selectedId = useBlueprint((state) => state.selectedId)
  const { edit, select } = useBlueprint.getState()
  const settings = useWorkflow().data

  const wanted = useMemo<FlowNode[]>(
    () =>
      (graph?.nodes ?? []).map((node) => ({
        id: node.id,
        type: 'blueprint',
        position: { x: node.position?.x ?? 0, y: node.position?.y ?? 0 },
        selected: node.id === selectedId,
        ariaLabel: nodeLabel(node, types.get(node.type)),
        data: {
          label: nodeLabel(node, types.get(node.type)),
          type: types.get(node.type),
          typeName: node.type,
          problems:
            check?.problems
              .filter((problem) => problem.node_id === node.id)
              .map((problem) => problemText(problem, graph, types)) ?? [],
          facts: Object.entries(node.settings ?? {})
            .filter(([, value]) => typeof value !== 'object')
            .map(([name, value]) => factText(types.get(node.type), name, value))
            .join(' · '),
          off: isOff(node, types.get(node.type), settings),
        },
      })),
    [graph, types, check, selectedId, settings],
  )
  const frame = useRef<HTMLDivElement>(null)
  useFitToWidth(frame)
  // Positions change at every pointer move; only where a drag ends is a step of the history.
  const [nodes, setNodes] = useState<FlowNode[]>(wanted)
  useEffect(
    () =>
      setNodes((current) =>
        wanted.map((node) => ({ ...current.find((other) => other.id === node.id), ...node })),
      ),
    [wanted],
  )

  const edges = useMemo<Edge[]>(
    () =>
      (graph?.edges ?? []).map((edge) => {
        const nodeOf = (id: string) => graph?.nodes.find((node) => node.id === id)
        const typeOf = (id: string) => types.get(nodeOf(id)?.type ?? '')
        const nameOf = (id: string) => nodeLabel({ label: nodeOf(id)?.label ?? id }, typeOf(id))
        const kind = sharedPort(typeOf(edge.source), typeOf(edge.target), edge.kind)
        const wrong = check?.problems.some((problem) => problem.edge_id === edge.id)
        return {
          id: edge.id,
          source: edge.source,
          target: edge.target,
          sourceHandle: kind,
          targetHandle: kind,
          label: edge.label ?? undefined,
          ariaLabel: `${nameOf(edge.source)} → ${nameOf(edge.target)}`,
          animated: wrong,
          style: { stroke: wrong ? '#ff9d8a' : portColour(kind ?? ''), strokeWidth: 2 },
        }
      }),
    [graph, types, check],
  )

  if (!graph) return null

  const onNodesChange = (changes: NodeChange<FlowNode>[]) => {
    setNodes((current) => applyNodeChanges(changes, current))
    const moved = changes.filter(
      (change) => change.type === 'position' && change.dragging !== true && change.position,
    )
    if (moved.length > 0 && !readOnly) {
      const places = new Map(
        moved.map((change) => (change.type === 'position' ? [change.id, change.position] : ['', undefined])),
      )
      const differs = graph.nodes.some((node) => {
        const place = places.get(node.id)
        return place && (place.x !== node.position?.x || place.y !== node.position?.y)
      })
      if (differs)
        edit({
          ...graph,
          nodes: graph.nodes.map((node) =>
            places.get(node.id)
              ? { ...node, position: { ...places.get(node.id) } as { x: number; y: number } }
              : node,
          ),
        })
    }
    const chosen = changes.find((change) => change.type === 'select' && change.selected)
    if (chosen?.type === 'select') select(chosen.id)
  }
  const onConnect = ({ source, target, sourceHandle }: Connection) => {
    const next = connect(graph, types, source, target, sourceHandle ?? undefined)
    if (next) edit(next)
    else notify('info', blueprintText('wrongConnection'))
  }
  const onDrop = (event: DragEvent) => {
    const type = types.get(event.dataTransfer.getData(NODE_MIME))
    if (!type || readOnly) return
    event.preventDefault()
    const added = addNode(
      graph,
      type,
      labelOf(type),
      flow.screenToFlowPosition({ x: event.clientX - 90, y: event.clientY - 30 }),
    )
    edit(added.graph)
    select(added.id)
  }

  return (
    <div
      ref={frame}
      style={{ height }}
      className="overflow-hidden rounded-2xl border border-blueprint-line bg-blueprint"
      onDrop={onDrop}
      onDragOver={(event) => event.preventDefault()}
    >
      <ReactFlow
        colorMode="dark"
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        onNodesChange={onNodesChange}
        onNodeClick={(_, node) => select(node.id)}
        onNodeDoubleClick={(_, node) => {
          select(node.id)
          onOpenNode?.(node.id)
        }}
        onPaneClick={() => select(null)}
        onConnect={onConnect}
        isValidConnection={(connection) => connection.sourceHandle === connection.targetHandle}
        // Nodes and the edges at them go in one step, so that one undo brings all of them back.
        onDelete={(removed) => edit(removeFrom(graph, removed.nodes, removed.edges))}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && selectedId) onOpenNode?.(selectedId)
        }}
        deleteKeyCode={readOnly ? null : ['Delete', 'Backspace']}
        nodesDraggable={!readOnly}
        nodesConnectable={!readOnly}
        preventScrolling={false}
        zoomOnScroll={false}
        zoomActivationKeyCode="Control"
        // A link to another machine, which leads nowhere in a plant without internet.
        proOptions={{ hideAttribution: true }}
        fitView
        fitViewOptions={FIT}
        minZoom={0.2}
        style={{ background: 'transparent' }}
        aria-label={t('keyboardHint')}
        ariaLabelConfig={{
          'node.a11yDescription.default': t('aria.node'),
          'node.a11yDescription.keyboardDisabled': t('aria.node'),
          'node.a11yDescription.ariaLiveMessage': ({ direction, x, y }) =>
            t('aria.moved', { direction: t(`aria.${direction}` as 'aria.up'), x, y }),
          'edge.a11yDescription.default': t('aria.edge'),
          'controls.ariaLabel': t('aria.controls'),
          'controls.zoomIn.ariaLabel': t('aria.zoomIn'),
          'controls.zoomOut.ariaLabel': t('aria.zoomOut'),
          'controls.fitView.ariaLabel': t('aria.fit'),
          'minimap.ariaLabel': t('aria.minimap'),
          'handle.ariaLabel': t('aria.handle'),
        }}
      >
        <Background color="#54719b" bgColor="transparent" gap={22} />
        <Controls showInteractive={false} />
        <MiniMap
          pannable
          style={{ background: '#0c1730', width: 150, height: 90 }}
          nodeColor="#7cc4ff"
          maskColor="rgba(8,14,32,0.65)"
        />
      </ReactFlow>
    </div>
  )
}
