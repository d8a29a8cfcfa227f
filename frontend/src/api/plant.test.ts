import { beforeEach, expect, test } from 'vitest'
import { switchLanguage } from '@/i18n'
import { SEALS } from '@/testing/samples'
import { featureGroup, featureLabel, usePlantStore, weightProfileLabel } from './plant'

beforeEach(async () => {
  await switchLanguage('ko')
  usePlantStore.setState({
    plant: {
      ...SEALS,
      features: [
        {
          ...{ name: 'Line', kind: 'category', group: 'Kind', unit_from: null, weight: 1, active: true },
          ...{ label: 'Product line', label_ko: '제품군' },
        },
      ],
      columns: { Line: { label: 'Product line', label_ko: '제품군' } },
    },
  })
})

test('features are called as the plant calls them, in the language of the reader', async () => {
  expect(featureLabel('Line')).toBe('제품군')
  await switchLanguage('en')
  expect(featureLabel('Line')).toBe('Product line')
  expect(featureLabel('Color')).toBe('Color')
  expect(featureGroup('Line')).toBe('Kind')
  expect(weightProfileLabel('geometry-focus')).toBe('Geometry')
})

test('without a plant everything is called by its name', () => {
  usePlantStore.setState({ plant: null })
  expect(featureLabel('Line')).toBe('Line')
  expect(weightProfileLabel('geometry-focus')).toBe('geometry-focus')
})
