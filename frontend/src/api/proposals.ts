/** What planners did with the routings that were proposed to them. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { call } from './client'

/** The report over the reviews of so many last days. */
export function useProposalReport(days: number) {
  return useQuery({
    queryKey: ['proposal-report', days],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      call('get', '/api/routing/proposals/report', undefined, { query: { days }, signal }),
  })
}

export type ProposalReport = NonNullable<ReturnType<typeof useProposalReport>['data']>
