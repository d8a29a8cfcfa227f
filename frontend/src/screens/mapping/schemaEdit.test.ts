import { expect, test } from 'vitest'
import type { InputProfile } from '@/api/mapping'
import { levelOf, withChange, withFeature, withLevel, withoutFeature } from './schemaEdit'

const BICYCLES: InputProfile = {
  name: 'Bicycles',
  tables: { features: 'Product', routing: 'Operation', results: '' },
  schema: {
    name: 'Bicycles',
    features: [
      { name: 'Weight', kind: 'size', unit_from: 'Unit' },
      { name: 'Unit', kind: 'category' },
    ],
    item: { name: 'Unit', levels: ['Unit'] },
    weight_profiles: { light: { factors: { Weight: 2, Unit: 1 } } },
  },
  columns: [
    {
      ...{ internal: 'Weight', role: 'features', source: 'weight', type: 'NUMBER' },
      ...{ unit: null, default: 1, required: false },
    },
  ],
}

test('a feature comes from any column, with the kind of its type and a name of its own', () => {
  const once = withFeature(BICYCLES, 'color', 'TEXT')
  expect(once.schema.features.at(-1)).toEqual({ name: 'color', kind: 'category' })
  expect(once.columns.at(-1)).toMatchObject({ internal: 'color', source: 'color', type: 'TEXT' })
  const more = withFeature(withFeature(once, 'color', 'TEXT'), 'sold', 'DATETIME')
  expect(more.schema.features.slice(-2).map(({ name, kind }) => [name, kind])).toEqual([
    ['color 2', 'category'],
    ['sold', 'date'],
  ])
})

test('another kind brings the type of the column and takes the unit away', () => {
  const text = withChange(BICYCLES, 'Weight', { kind: 'category' })
  expect(text.schema.features[0]).toEqual({ name: 'Weight', kind: 'category' })
  expect(text.columns[0]).toMatchObject({ type: 'TEXT', default: null })
  expect(withChange(BICYCLES, 'Weight', { weight: 3 }).schema.features[0]).toMatchObject({
    unit_from: 'Unit',
    weight: 3,
  })
})

test('a feature that is taken away is named nowhere any more', () => {
  expect(JSON.stringify(withoutFeature(BICYCLES, 'Unit'))).not.toContain('"Unit"')
  expect(withoutFeature(BICYCLES, 'Weight').columns).toEqual([])
})

test('levels of the hierarchy move', () => {
  const two = withLevel(BICYCLES, 'Weight', 1)
  expect([levelOf(two, 'Weight'), levelOf(two, 'Unit')]).toEqual([1, 2])
  expect(levelOf(withLevel(two, 'Weight', 0), 'Weight')).toBe(0)
})
