/** Operations that the active routing could take, and the time statistics of similar items. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { usePlantOperations } from '@/api/plantOperations'
import { useSettled } from '@/ui/useSettled'
import { predict, requestOf } from '../inputs/usePrediction'
import { operationOf, processKey, type Operation, type Statistics } from '../store/operation'
import { activeDocument, useRouting } from '../store/routingStore'

export interface Candidate {
  operation: Operation
  /** How many routings have it. */
  routings: number
}

/** Routings of similar items for one item, whether or not it has a routing of its own. */
function useNeighbourRoutings(itemCode: string | null) {
  const inputs = useRouting((state) => state.inputs)
  const body = itemCode
    ? {
        ...requestOf(inputs, [itemCode]),
        ignore_own_routing: true,
        similarity_threshold: Math.min(0.3, inputs.similarity / 100),
        top_k: 30,
      }
    : null
  return useQuery({
    queryKey: ['neighbour-routings', body],
    enabled: body !== null,
    staleTime: 10 * 60_000,
    queryFn: async ({ signal }) => {
      if (!body) return []
      const response = await predict(body, signal)
      return response.items.map((routing) => (routing.operations ?? []).map(operationOf))
    },
  })
}

/** Statistics of similar items by process. */
export function useEvidence(itemCode: string | null) {
  const neighbours = useNeighbourRoutings(itemCode)
  const data = useMemo(() => {
    const found = new Map<string, Statistics>()
    for (const operations of neighbours.data ?? []) {
      for (const operation of operations) {
        const key = processKey(operation)
        if (operation.statistics && !found.has(key)) found.set(key, operation.statistics)
      }
    }
    return found
  }, [neighbours.data])
  return { data, isFetching: neighbours.isFetching }
}

export function collect(routings: readonly (readonly Operation[])[]): Candidate[] {
  const byProcess = new Map<string, Candidate>()
  for (const operations of routings) {
    const counted = new Set<string>()
    for (const operation of operations) {
      const key = processKey(operation)
      const known = byProcess.get(key)
      if (!known) byProcess.set(key, { operation, routings: 1 })
      else if (!counted.has(key)) byProcess.set(key, { ...known, routings: known.routings + 1 })
      counted.add(key)
    }
  }
  return [...byProcess.values()]
}

export function useCandidates() {
  // Whoever goes through the list quickly asks for the candidates only where they stay.
  const itemCode = useSettled(useRouting((state) => activeDocument(state)?.itemCode ?? null))
  const documents = useRouting((state) => state.documents)
  const neighbours = useNeighbourRoutings(itemCode)
  const candidates = useMemo(() => {
    const own = documents
      .filter((document) => document.itemCode === itemCode)
      .map((document) => document.baseline)
    return collect([...own, ...(neighbours.data ?? [])])
  }, [documents, itemCode, neighbours.data])
  return { candidates, neighbours }
}

export function matches(operation: Operation, filter: string): boolean {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  const text = `${operation.code} ${operation.name} ${operation.resource}`.toLowerCase()
  return words.every((word) => text.includes(word))
}

/** Every operation of the plant, the most frequent first, asked for once it is wanted. */
export function usePlantCandidates(wanted: boolean) {
  const neighbours = usePlantOperations(wanted)
  const candidates = useMemo(
    () =>
      (neighbours.data?.operations ?? []).map(({ step, uses }): Candidate => ({
        operation: operationOf(step),
        routings: uses,
      })),
    [neighbours.data],
  )
  return { candidates, neighbours }
}
