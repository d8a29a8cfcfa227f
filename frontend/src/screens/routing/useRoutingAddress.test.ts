import { beforeEach, expect, test } from 'vitest'
import { SAMPLE } from '@/testing/samples'
import { useRouting } from './store/routingStore'
import { addressOf } from './useRoutingAddress'

beforeEach(() => useRouting.getState().reset())

test('an address names the items and the one that is looked at', () => {
  expect(addressOf(useRouting.getState())).toBe('/routing')
  useRouting.getState().showPrediction(SAMPLE, false)
  expect(addressOf(useRouting.getState())).toBe('/routing?items=SLS-1')
  const metrics = { ...SAMPLE.metrics, unknown_items: ['A&B 1'] }
  useRouting.getState().showPrediction({ ...SAMPLE, metrics }, false)
  useRouting.getState().activateItem('A&B 1')
  expect(addressOf(useRouting.getState())).toBe('/routing?items=SLS-1,A%26B+1&item=A%26B+1')
})

test('a saved group that is alone is addressed by its id', () => {
  useRouting.getState().openGroup({ id: 'g-1', name: 'G', version: 1 }, 'SLS-1', [])
  expect(addressOf(useRouting.getState())).toBe('/routing?group=g-1')
})
