/** Automatic layout of a graph: columns from left to right by rank, few rows, neighbours near each other. */
import type { Graph } from '@/api/blueprint'
import type { GraphEdge } from '@/api/types'

/** A node's width and the room for the edges to the next column. */
export const COLUMN_WIDTH = 180
export const ROW_HEIGHT = 130

/** How many edges at most lead to each node; edges of a circle count up to the number of nodes. */
function ranksOf(ids: readonly string[], edges: readonly GraphEdge[]): Map<string, number> {
  const ranks = new Map(ids.map((id) => [id, 0]))
  for (let round = 0; round < ids.length; round++) {
    let moved = false
    for (const { source, target } of edges) {
      const next = (ranks.get(source) ?? 0) + 1
      if (ranks.has(source) && next > (ranks.get(target) ?? next) && next < ids.length) {
        ranks.set(target, next)
        moved = true
      }
    }
    if (!moved) break
  }
  return ranks
}

/** Moves nodes with room before their successors into the emptiest column of that room, so that columns stay short. */
function balance(ids: readonly string[], edges: readonly GraphEdge[], ranks: Map<string, number>) {
  const filled: number[] = []
  for (const rank of ranks.values()) filled[rank] = (filled[rank] ?? 0) + 1
  for (const id of [...ids].reverse()) {
    const rank = ranks.get(id) ?? 0
    const after = edges.filter((edge) => edge.source === id).map((edge) => ranks.get(edge.target) ?? 0)
    const last = Math.min(...after) - 1
    if (!Number.isFinite(last)) continue
    let best = rank
    for (let other = rank + 1; other <= last; other++)
      if ((filled[other] ?? 0) + 1 < (filled[best] ?? 0)) best = other
    if (best === rank) continue
    filled[rank] = (filled[rank] ?? 1) - 1
    filled[best] = (filled[best] ?? 0) + 1
    ranks.set(id, best)
  }
}

/** How many nodes at most follow each one: the longest way stands in the first row. */
function heightsOf(ids: readonly string[], edges: readonly GraphEdge[]): Map<string, number> {
  return ranksOf(
    ids,
    edges.map((edge) => ({ ...edge, source: edge.target, target: edge.source })),
  )
}

/** Columns by how far a node is from the start of the pipeline. */
export function arrange(graph: Graph): Graph {
  const ids = graph.nodes.map((node) => node.id)
  const ranks = ranksOf(ids, graph.edges)
  balance(ids, graph.edges, ranks)
  const heights = heightsOf(ids, graph.edges)
  const rows = new Map<string, number>()
  const columns = Math.max(0, ...ranks.values()) + 1
  for (let column = 0; column < columns; column++) {
    const wanted = (id: string) => {
      const before = graph.edges
        .filter((edge) => edge.target === id)
        .map((edge) => rows.get(edge.source) ?? 0)
      return before.length ? before.reduce((sum, row) => sum + row, 0) / before.length : 0
    }
    ids
      .filter((id) => ranks.get(id) === column)
      .sort((a, b) => (heights.get(b) ?? 0) - (heights.get(a) ?? 0) || wanted(a) - wanted(b))
      .forEach((id, row) => rows.set(id, row))
  }
  return {
    ...graph,
    nodes: graph.nodes.map((node) => {
      const [column, row] = [ranks.get(node.id) ?? 0, rows.get(node.id) ?? 0]
      return { ...node, position: { x: column * COLUMN_WIDTH, y: row * ROW_HEIGHT } }
    }),
  }
}
