import { expect, test } from 'vitest'
import { masterAddress } from './useMasterAddress'

test('the item and the search stand in the address', () => {
  expect(masterAddress({ active: null, query: '' })).toBe('/master-data')
  expect(masterAddress({ active: 'A&B 1', query: '씰' })).toBe('/master-data?item=A%26B+1&q=%EC%94%B0')
})
