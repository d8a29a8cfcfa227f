/** Pairs the operations of two routings by their longest common order of processes. */
import { processKey, type Operation } from '../store/operation'

export type Pair = readonly [Operation | null, Operation | null]

export function align(left: readonly Operation[], right: readonly Operation[]): Pair[] {
  const lengths = Array.from({ length: left.length + 1 }, () => new Array<number>(right.length + 1).fill(0))
  const at = (i: number, j: number) => lengths[i]?.[j] ?? 0
  const same = (i: number, j: number) => {
    const [a, b] = [left[i], right[j]]
    return a !== undefined && b !== undefined && processKey(a) === processKey(b)
  }
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      const row = lengths[i]
      if (row) row[j] = same(i, j) ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const pairs: Pair[] = []
  let [i, j] = [0, 0]
  while (i < left.length || j < right.length) {
    const [a, b] = [left[i] ?? null, right[j] ?? null]
    if (a && b && same(i, j)) {
      pairs.push([a, b])
      i++
      j++
    } else if (a && (!b || at(i + 1, j) >= at(i, j + 1))) {
      pairs.push([a, null])
      i++
    } else {
      pairs.push([null, b])
      j++
    }
  }
  return pairs
}
