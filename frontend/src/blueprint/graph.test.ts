import { expect, test } from 'vitest'
import type { Graph, NodeType } from '@/api/blueprint'
import { arrange } from './arrange'
import { addNode, connect, indexTypes, isGraph, removeFrom } from './graph'

const type = (name: string, inputs: string[], outputs: string[]): NodeType => ({
  type: name,
  category: 'source',
  label_ko: name,
  label_en: name,
  help_ko: '',
  help_en: '',
  options_schema: {},
  inputs: inputs.map((port) => ({ name: port, type: port })),
  outputs: outputs.map((port) => ({ name: port, type: port })),
  required: false,
  max_count: 1,
})
const types = indexTypes([
  type('loader', [], ['items']),
  type('encoder', ['items'], ['encoded']),
  type('index', ['vectors'], ['index']),
])
const node = (id: string, kind = id) => ({ id, label: id, type: kind })
const graph: Graph = { nodes: [node('loader'), node('encoder'), node('index')], edges: [] }

test('only ports of the same kind are joined, and the edge carries the kind', () => {
  expect(connect(graph, types, 'loader', 'encoder')?.edges).toEqual([
    { id: 'loader-encoder', source: 'loader', target: 'encoder', kind: 'items' },
  ])
  expect(connect(graph, types, 'loader', 'index')).toBeNull()
})

test('an edge that would close a circle is refused', () => {
  const joined = { ...graph, edges: [{ id: 'e', source: 'encoder', target: 'loader', kind: 'items' }] }
  expect(connect(joined, types, 'loader', 'encoder')).toBeNull()
})

test('a second edge into the same input replaces the first', () => {
  const two: Graph = { nodes: [node('a', 'loader'), node('b', 'loader'), node('encoder')], edges: [] }
  const first = connect(two, types, 'a', 'encoder')
  const second = first && connect(first, types, 'b', 'encoder')
  expect(second?.edges.map((edge) => edge.source)).toEqual(['b'])
})

test('a removed node takes its edges along', () => {
  const joined = connect(graph, types, 'loader', 'encoder')
  expect(removeFrom(joined ?? graph, [{ id: 'loader' }], [])).toMatchObject({
    edges: [],
    nodes: [{ id: 'encoder' }, { id: 'index' }],
  })
})

test('a node added twice gets an id of its own', () => {
  const loader = types.get('loader')
  if (!loader) throw new Error('no type')
  expect(addNode(graph, loader, 'x', { x: 0, y: 0 }).id).toBe('loader-2')
})

test('arranging puts each node right of what it takes', () => {
  const joined = connect(graph, types, 'loader', 'encoder')
  const [loader, encoder] = arrange(joined ?? graph).nodes
  expect(encoder?.position?.x ?? 0).toBeGreaterThan(loader?.position?.x ?? 0)
})

test('files of the wrong kind are told from graphs', () => {
  expect(isGraph({ nodes: [{ id: 'a', type: 'b' }], edges: [] })).toBe(true)
  for (const wrong of [null, [], {}, { nodes: 1, edges: [] }, { nodes: [null], edges: [] }, 'text'])
    expect(isGraph(wrong)).toBe(false)
})

test('a node and the edges at it go in one step, and other edges by themselves', () => {
  const joined = connect(graph, types, 'loader', 'encoder') ?? graph
  expect(removeFrom(joined, [{ id: 'encoder' }], [{ id: 'loader-encoder' }])).toMatchObject({
    nodes: [{ id: 'loader' }, { id: 'index' }],
    edges: [],
  })
  expect(removeFrom(joined, [], [{ id: 'loader-encoder' }]).nodes).toHaveLength(3)
})
