/** What another version would propose for a sample of items, beside the active one. */
import { useMutation } from '@tanstack/react-query'
import { request } from './client'
import type { components } from './schema'

export type Comparison = components['schemas']['ComparisonModel']
export type ComparedItem = components['schemas']['ComparedItemModel']
export type ProposalDifference = components['schemas']['ProposalDifferenceModel']

interface Wanted {
  version: string
  /** Named items; without any, so many of all. */
  codes: readonly string[]
  sample: number
}

export function useComparison() {
  return useMutation({
    mutationFn: ({ version, codes, sample }: Wanted) =>
      request<Comparison>('post', `/api/trainer/versions/${encodeURIComponent(version)}/comparison`, {
        body: codes.length > 0 ? { item_codes: codes } : { sample },
      }),
  })
}
