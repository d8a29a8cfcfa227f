/** Long tables: the rows in view come first, the others when the page has time. */
import { useDeferredValue } from 'react'

/** How many of `all` rows to show now. */
export function useRowsToShow(all: number, first = 11): number {
  return useDeferredValue(all, Math.min(all, first))
}
