import { expect, test } from 'vitest'
import type { Graph } from '@/api/blueprint'
import { arrange, COLUMN_WIDTH, ROW_HEIGHT } from './arrange'

function graphOf(...joined: string[]): Graph {
  const edges = joined.map((pair) => {
    const [source = '', target = ''] = pair.split('>')
    return { id: pair, source, target, kind: 'any' }
  })
  const ids = [...new Set(edges.flatMap((edge) => [edge.source, edge.target]))]
  return { nodes: ids.map((id) => ({ id, label: id, type: id })), edges }
}

const PIPELINE = graphOf(
  'loader>encoder',
  'weights>encoder',
  'encoder>embedding',
  'loader>learned',
  'learned>embedding',
  'embedding>index',
  'loader>times',
  'index>storage',
  'times>storage',
  'embedding>projector',
  'storage>predictor',
  'predictor>sql',
)

const columnOf = (graph: Graph, id: string) =>
  (graph.nodes.find((node) => node.id === id)?.position?.x ?? NaN) / COLUMN_WIDTH

test('every edge leads to the right', () => {
  const arranged = arrange(PIPELINE)
  for (const { source, target } of arranged.edges)
    expect(columnOf(arranged, target)).toBeGreaterThan(columnOf(arranged, source))
})

test('a node that may stand in several columns takes the emptiest, so that the pipeline stays two rows high', () => {
  const arranged = arrange(PIPELINE)
  const places = arranged.nodes.map((node) => `${node.position?.x},${node.position?.y}`)
  expect(new Set(places).size).toBe(places.length)
  expect(Math.max(...arranged.nodes.map((node) => node.position?.y ?? 0))).toBeLessThan(2 * ROW_HEIGHT)
})

test('the longest way stands in the first row; of equal ways the one whose edges cross no others', () => {
  const first = arrange(PIPELINE)
    .nodes.filter((node) => (node.position?.y ?? 0) < ROW_HEIGHT)
    .sort((a, b) => (a.position?.x ?? 0) - (b.position?.x ?? 0))
  expect(first.map((node) => node.id)).toEqual([
    'loader',
    'learned',
    'embedding',
    'index',
    'storage',
    'predictor',
    'sql',
  ])
})

test('a circle and an edge to nothing are laid out all the same', () => {
  const circle = graphOf('a>b', 'b>c', 'c>a')
  const torn = { ...circle, edges: [...circle.edges, { id: 'x', source: 'gone', target: 'a', kind: 'any' }] }
  for (const node of arrange(torn).nodes) expect(Number.isFinite(node.position?.x)).toBe(true)
})
