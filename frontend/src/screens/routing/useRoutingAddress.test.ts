import { beforeEach, expect, test } from 'vitest'
import { SAMPLE } from '@/testing/samples'
import { useRouting } from './store/routingStore'
import { addressOf, viewIn } from './useRoutingAddress'
import { DEFAULT_VIEW } from './worklist/rows'

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

test('the view of the work list is in the address and comes back from it', () => {
  const metrics = { ...SAMPLE.metrics, unknown_items: ['B'] }
  useRouting.getState().showPrediction({ ...SAMPLE, metrics }, false)
  useRouting.getState().setInputs({ ignoreOwn: true })
  const view = { filter: 'attention', sort: 'minutes', descending: true, search: '씰 링' } as const
  const address = addressOf(useRouting.getState(), view)
  expect(address).toContain('items=SLS-1,B&similar=1')
  expect(viewIn(new URLSearchParams(address.split('?')[1]))).toEqual(view)
  expect(viewIn(new URLSearchParams('show=nothing&sort=-nothing'))).toEqual(DEFAULT_VIEW)
})
