import { expect, test } from 'vitest'
import { step } from '@/testing/samples'
import { operationOf } from '../store/operation'
import { align } from './align'

const routing = (...codes: string[]) => codes.map((code, index) => operationOf(step(index, code, code)))

test('operations of the same process stand side by side, the others alone', () => {
  const pairs = align(routing('A', 'B', 'C', 'D'), routing('A', 'C', 'X', 'D'))
  expect(pairs.map(([left, right]) => `${left?.code ?? '-'}${right?.code ?? '-'}`)).toEqual([
    'AA',
    'B-',
    'CC',
    '-X',
    'DD',
  ])
})

test('an empty routing pairs with nothing', () => {
  expect(align([], routing('A')).map(([left, right]) => [left, right?.code])).toEqual([[null, 'A']])
})
