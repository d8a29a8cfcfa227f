import { expect, test } from 'vitest'
import { plantAddress } from './visualization'

test('only an address that others can open is a link', () => {
  expect(plantAddress('http://neo4j.plant.local:7474')).toBe('http://neo4j.plant.local:7474')
  for (const dead of [
    'http://localhost:7474',
    'http://127.0.0.1:7474',
    'javascript:alert(1)',
    'neo4j',
    '',
    null,
  ])
    expect(plantAddress(dead)).toBeNull()
})
