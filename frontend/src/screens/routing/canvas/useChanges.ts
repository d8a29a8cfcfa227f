/** What each operation of a routing is against the routing that the item has now. */
import { useMemo } from 'react'
import type { RoutingDocument } from '../store/routingDocument'
import { useRouting } from '../store/routingStore'
import { changeOf, movedKeys, type Change } from '../worklist/difference'
import { align } from './align'

/** By operation id; null where the item has no routing now. */
export function useChanges(document: RoutingDocument): ReadonlyMap<string, Change> | null {
  const current = useRouting((state) => state.work.current[document.itemCode])
  const present = document.operations.present
  return useMemo(() => {
    if (!current) return null
    const pairs = align(current, present)
    const moved = movedKeys(pairs)
    return new Map(pairs.flatMap((pair) => (pair[1] ? [[pair[1].id, changeOf(pair, moved)] as const] : [])))
  }, [current, present])
}
