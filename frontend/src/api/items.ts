/** What items are: name, drawing, specification, material; many at once. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { request } from './client'
import type { components } from './schema'

export type ItemFacts = components['schemas']['LookedUpItem']
type Lookup = components['schemas']['ItemLookupResponse']

const MOST_AT_ONCE = 2000

/** Looks codes up; those that the item master does not have are unknown. */
export async function lookUp(codes: readonly string[], signal?: AbortSignal): Promise<Lookup> {
  const found: Lookup = { items: [], unknown: [] }
  for (let start = 0; start < codes.length; start += MOST_AT_ONCE) {
    const part = await request<Lookup>('post', '/api/master-data/items/lookup', {
      body: { item_codes: codes.slice(start, start + MOST_AT_ONCE) },
      signal,
    })
    found.items.push(...part.items)
    found.unknown.push(...part.unknown)
  }
  return found
}

/** Facts of items by code in lower case. */
export function useItemFacts(codes: readonly string[]) {
  return useQuery({
    queryKey: ['item-facts', codes],
    enabled: codes.length > 0,
    staleTime: 10 * 60_000,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }): Promise<ReadonlyMap<string, ItemFacts>> => {
      const { items } = await lookUp(codes, signal)
      return new Map(items.map((item) => [item.asked.toLowerCase(), item]))
    },
  })
}
