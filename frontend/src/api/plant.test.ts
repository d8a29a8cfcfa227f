import { beforeEach, expect, test } from 'vitest'
import { switchLanguage } from '@/i18n'
import { SEALS } from '@/testing/samples'
import { featureGroup, featureLabel, itemValue, usePlantStore, weightProfileLabel } from './plant'

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
  expect(featureLabel('ITEM_CD')).toBe('Item code')
  expect(featureGroup('Line')).toBe('Kind')
  expect(weightProfileLabel('geometry-focus')).toBe('Geometry')
})

test('a value of an item has its unit and no fraction that says nothing', () => {
  const plain = { group: '', weight: 1, active: true, unit_from: null, label: '', label_ko: '' }
  usePlantStore.setState({
    plant: {
      ...SEALS,
      units: { Masse: 'G' },
      features: [
        { ...plain, name: 'Gewicht', kind: 'size', unit_from: 'Einheit' },
        { ...plain, name: 'Linksläufig', kind: 'flag' },
        { ...plain, name: 'Klasse', kind: 'category' },
      ],
    },
  })
  const values = { Gewicht: '12.0', Einheit: 'kg', Linksläufig: '0.0', Klasse: '2.0', Masse: '400', Leer: '' }
  const shown = Object.keys(values).map((name) => itemValue(name, values))
  expect(shown).toEqual(['12 kg', 'kg', '0', '2.0', '400 G', ''])
  expect(itemValue('Gewicht', { Gewicht: '0.4', Einheit: '' })).toBe('0.4')
})

test('without a plant everything is called by its name', () => {
  usePlantStore.setState({ plant: null })
  expect(featureLabel('Line')).toBe('Line')
  expect(weightProfileLabel('geometry-focus')).toBe('geometry-focus')
})
