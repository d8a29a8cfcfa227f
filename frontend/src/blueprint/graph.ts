/** Pure operations on a graph of the blueprint. */
import type { Graph, NodeType, Port } from '@/api/blueprint'
import type { GraphEdge, GraphNode } from '@/api/types'

export type TypeIndex = ReadonlyMap<string, NodeType>

export function indexTypes(types: readonly NodeType[]): TypeIndex {
  return new Map(types.map((type) => [type.type, type]))
}

/** The port kind that joins two node types; null when none does. `wanted` is preferred when both sides have it. */
export function sharedPort(
  source: NodeType | undefined,
  target: NodeType | undefined,
  wanted?: string,
): string | null {
  const offered = source?.outputs.map((port) => port.type) ?? []
  const taken = new Set(target?.inputs.map((port) => port.type))
  if (wanted && offered.includes(wanted) && taken.has(wanted)) return wanted
  return offered.find((type) => taken.has(type)) ?? null
}

export function freeId(type: string, nodes: readonly GraphNode[]): string {
  const used = new Set(nodes.map((node) => node.id))
  if (!used.has(type)) return type
  for (let number = 2; ; number++) if (!used.has(`${type}-${number}`)) return `${type}-${number}`
}

export function addNode(
  graph: Graph,
  type: NodeType,
  label: string,
  position: { x: number; y: number },
): { graph: Graph; id: string } {
  const id = freeId(type.type, graph.nodes)
  const node: GraphNode = { id, label, type: type.type, category: type.category, position, settings: {} }
  return { graph: { ...graph, nodes: [...graph.nodes, node] }, id }
}

export function removeFrom(
  graph: Graph,
  nodes: readonly { id: string }[],
  edges: readonly { id: string }[] = [],
): Graph {
  const [gone, cut] = [nodes, edges].map((list) => new Set(list.map(({ id }) => id))) as [
    Set<string>,
    Set<string>,
  ]
  return {
    ...graph,
    nodes: graph.nodes.filter((node) => !gone.has(node.id)),
    edges: graph.edges.filter(
      (edge) => !cut.has(edge.id) && !gone.has(edge.source) && !gone.has(edge.target),
    ),
  }
}

/** Joins two nodes; null when their ports do not fit, they are joined already, or a circle would close. */
export function connect(
  graph: Graph,
  types: TypeIndex,
  source: string,
  target: string,
  wanted?: string,
): Graph | null {
  if (source === target || reaches(graph.edges, target, source)) return null
  const typeOf = (id: string) => types.get(graph.nodes.find((node) => node.id === id)?.type ?? '')
  const kind = sharedPort(typeOf(source), typeOf(target), wanted)
  if (!kind || graph.edges.some((edge) => edge.source === source && edge.target === target)) return null
  // An input takes one edge: the new one replaces the old.
  const kept = graph.edges.filter((edge) => !(edge.target === target && edge.kind === kind))
  return { ...graph, edges: [...kept, { id: `${source}-${target}`, source, target, kind }] }
}

function reaches(edges: readonly GraphEdge[], from: string, to: string): boolean {
  const [seen, open] = [new Set([from]), [from]]
  while (open.length > 0) {
    const current = open.pop()
    if (current === to) return true
    for (const edge of edges) {
      if (edge.source === current && !seen.has(edge.target)) {
        seen.add(edge.target)
        open.push(edge.target)
      }
    }
  }
  return false
}

export function hasPositions(graph: Graph): boolean {
  return graph.nodes.every(
    (node) => typeof node.position?.x === 'number' && typeof node.position.y === 'number',
  )
}

export function isGraph(value: unknown): value is Graph {
  const graph = value as Partial<Graph> | null
  return (
    Array.isArray(graph?.nodes) &&
    Array.isArray(graph.edges) &&
    graph.nodes.every((node) => typeof node?.id === 'string' && typeof node.type === 'string') &&
    graph.edges.every((edge) => typeof edge?.source === 'string' && typeof edge.target === 'string')
  )
}

export function portsOf(type: NodeType | undefined): { inputs: Port[]; outputs: Port[] } {
  return { inputs: type?.inputs ?? [], outputs: type?.outputs ?? [] }
}
