/** What is done with items of the work list: the selected ones, or else the one that is looked at. */
import { useRouting } from '../store/routingStore'
import type { WorkRow } from './rows'
import { select, useWorkView } from './workView'

/** The codes that an action is for. */
export function actedOn(): string[] {
  const { selected } = useWorkView.getState()
  const { work, activeCode } = useRouting.getState()
  const chosen = work.codes.filter((code) => selected.has(code))
  return chosen.length > 0 ? chosen : activeCode ? [activeCode] : []
}

/** Shows the item that stands `step` rows after the one that is looked at. */
export function moveBy(rows: readonly WorkRow[], step: number) {
  const { activeCode, activateItem } = useRouting.getState()
  const place = rows.findIndex((row) => row.code === activeCode)
  const next = rows[place === -1 ? 0 : Math.max(0, Math.min(rows.length - 1, place + step))]
  if (next && next.code !== activeCode) activateItem(next.code)
}

/** Notes that the items are right; goes on to the next open one after a single item. */
export function accept(rows: readonly WorkRow[]) {
  const codes = actedOn()
  const { review, activateItem, activeCode } = useRouting.getState()
  review(codes)
  if (useWorkView.getState().selected.size > 0) {
    select([])
    return
  }
  const place = rows.findIndex((row) => row.code === activeCode)
  const after = [...rows.slice(place + 1), ...rows.slice(0, Math.max(0, place))]
  const next = after.find((row) => row.state === 'open' && row.code !== activeCode)
  if (next) activateItem(next.code)
}
