/** What a routing does otherwise than another one: operations added, removed and moved, times and machines changed. */
import { align, type Pair } from '../canvas/align'
import { machineOf, processKey, type Operation } from '../store/operation'

export interface Difference {
  added: number
  removed: number
  /** Operations of both that stand in another order. */
  moved: number
  /** Operations of both whose times differ by more than a quarter. */
  times: number
  /** Operations of both that are done on another machine. */
  machines: number
  /** Minutes of set-up and run together, this routing less the other. */
  minutes: number
}

export type Change = 'same' | 'added' | 'removed' | 'moved' | 'changed'

/** As far off as a predicted time may be and still count as right. */
const TOLERANCE = 0.25

export function timesDiffer(first: Operation, second: Operation): boolean {
  return (['setup', 'run'] as const).some((key) => {
    const [a, b] = [first[key] ?? 0, second[key] ?? 0]
    return Math.abs(a - b) > TOLERANCE * Math.max(Math.abs(a), Math.abs(b), 1)
  })
}

export function machinesDiffer(first: Operation, second: Operation): boolean {
  const [a, b] = [machineOf(first).code, machineOf(second).code]
  return a !== '' && b !== '' && a.toLowerCase() !== b.toLowerCase()
}

/** What a pair says, of the routing on the left (now) and the one on the right (proposed). */
export function changeOf([now, next]: Pair, movedKeys: ReadonlySet<string>): Change {
  if (now && next) return timesDiffer(now, next) || machinesDiffer(now, next) ? 'changed' : 'same'
  const one = now ?? next
  if (one && movedKeys.has(processKey(one))) return 'moved'
  return next ? 'added' : 'removed'
}

/** Operations that stand alone on both sides: they are in another place, not gone. */
export function movedKeys(pairs: readonly Pair[]): ReadonlySet<string> {
  const only = (side: 0 | 1) =>
    new Set(
      pairs.flatMap((pair) => {
        const [one, other] = [pair[side], pair[1 - side]]
        return one && !other ? [processKey(one)] : []
      }),
    )
  const left = only(0)
  return new Set([...only(1)].filter((key) => left.has(key)))
}

function minutesOf(operations: readonly Operation[]): number {
  return operations.reduce((sum, one) => sum + (one.setup ?? 0) + (one.run ?? 0), 0)
}

const known = new WeakMap<readonly Operation[], WeakMap<readonly Operation[], Difference>>()

/** Of a routing against the one that the item has now. */
export function differenceOf(now: readonly Operation[], next: readonly Operation[]): Difference {
  const before = known.get(next)?.get(now)
  if (before) return before
  const pairs = align(now, next)
  const moved = movedKeys(pairs)
  const changes = pairs.map((pair) => changeOf(pair, moved))
  const both = pairs.flatMap(([a, b]) => (a && b ? [[a, b] as const] : []))
  const difference: Difference = {
    added: changes.filter((change) => change === 'added').length,
    removed: changes.filter((change) => change === 'removed').length,
    moved: pairs.filter(([a, b], place) => !a && b && changes[place] === 'moved').length,
    times: both.filter(([a, b]) => timesDiffer(a, b)).length,
    machines: both.filter(([a, b]) => machinesDiffer(a, b)).length,
    minutes: minutesOf(next) - minutesOf(now),
  }
  const ofNext = known.get(next) ?? new WeakMap<readonly Operation[], Difference>()
  ofNext.set(now, difference)
  known.set(next, ofNext)
  return difference
}

export function isSame({ added, removed, moved, times, machines }: Difference): boolean {
  return added + removed + moved + times + machines === 0
}
