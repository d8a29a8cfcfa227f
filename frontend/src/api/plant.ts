/** The plant in its own words: features, columns and weight profiles by the active input profile. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { create } from 'zustand'
import { currentLanguage } from '@/i18n'
import { commonText } from '@/i18n/common'
import { call } from './client'
import { queryClient } from './queryClient'
import type { Plant } from './types'

/** The plant that was loaded last; null before, and where the server could not be asked: then everything is called by its name. */
export const usePlantStore = create<{ plant: Plant | null }>(() => ({ plant: null }))

const QUERY = queryOptions({
  queryKey: ['plant'],
  staleTime: 5 * 60_000,
  retry: false,
  queryFn: async ({ signal }) => {
    const plant = await call('get', '/api/plant', undefined, { signal })
    usePlantStore.setState({ plant })
    return plant
  },
})

export function usePlant() {
  return useQuery(QUERY)
}

/** Asks anew for everything that is called as the active input profile says. */
export function plantChanged() {
  for (const key of [
    'plant',
    'model-features',
    'node-types',
    'access-metadata',
    'hierarchy',
    'hierarchy-items',
    'master-item',
  ])
    void queryClient.invalidateQueries({ queryKey: [key] })
}

/** The code of an item in every plant; most plants have no words of their own for it. */
const ITEM_CODE = 'ITEM_CD'

interface Words {
  label: string
  label_ko: string
}

function inWords(words: Words | undefined, name: string): string {
  return (words && (currentLanguage() === 'ko' ? words.label_ko : words.label)) || name
}

/** What people call a feature or another column of the plant. */
export function featureLabel(name: string): string {
  const said = inWords(usePlantStore.getState().plant?.columns[name], name)
  return said === ITEM_CODE ? commonText('itemCode') : said
}

/** What people call a weight profile of the plant. */
export function weightProfileLabel(name: string): string {
  return inWords(usePlantStore.getState().plant?.weight_profiles[name], name)
}

/** A value of an item's sheet as people read it: numbers without a fraction where they are whole, sizes with their unit. */
export function itemValue(name: string, values: Readonly<Record<string, string>>): string {
  const value = values[name] ?? ''
  if (!value) return ''
  const { plant } = usePlantStore.getState()
  const feature = plant?.features.find((one) => one.name === name)
  const unit = (feature?.unit_from && values[feature.unit_from]) || plant?.units[name]
  const isNumber = feature && NUMBERS.has(feature.kind)
  const text = isNumber ? value.replace(/\.0$/, '') : value
  return unit ? `${text} ${unit}` : text
}

const NUMBERS = new Set(['number', 'size', 'flag'])

/** The heading that screens show a feature under; "" where it has none. */
export function featureGroup(name: string): string {
  return usePlantStore.getState().plant?.features.find((one) => one.name === name)?.group ?? ''
}
