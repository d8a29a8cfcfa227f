/** What the work list shows and what is selected in it. */
import { useMemo, useState } from 'react'
import { create } from 'zustand'
import { useItemFacts, type ItemFacts } from '@/api/items'
import { useRouting } from '../store/routingStore'
import { DEFAULT_VIEW, visibleRows, workRows, type WorkRow, type WorkView } from './rows'

interface ViewState {
  view: WorkView
  selected: ReadonlySet<string>
}

export const useWorkView = create<ViewState>(() => ({ view: DEFAULT_VIEW, selected: new Set() }))

export function changeView(change: Partial<WorkView>) {
  useWorkView.setState(({ view }) => ({ view: { ...view, ...change } }))
}

export function select(codes: readonly string[]) {
  useWorkView.setState({ selected: new Set(codes) })
}

export function toggleSelected(code: string) {
  useWorkView.setState(({ selected }) => {
    const next = new Set(selected)
    if (!next.delete(code)) next.add(code)
    return { selected: next }
  })
}

const NOTHING_KNOWN: ReadonlyMap<string, ItemFacts> = new Map()

export function useWorkRows(): WorkRow[] {
  const documents = useRouting((state) => state.documents)
  const work = useRouting((state) => state.work)
  const prediction = useRouting((state) => state.prediction)
  const facts = useItemFacts(work.codes).data ?? NOTHING_KNOWN
  return useMemo(() => workRows({ documents, work, prediction }, facts), [documents, work, prediction, facts])
}

/**
 * Rows in the order of the view. While one works, rows keep their places: what is reviewed does not jump away under the hand;
 * only another view, or other items, order them anew.
 */
export function useVisibleRows(rows: readonly WorkRow[]): WorkRow[] {
  const view = useWorkView((state) => state.view)
  const codes = useRouting((state) => state.work.codes)
  // Sorting and searching by names wait for them.
  const named = rows.filter((row) => row.facts).length
  const [order, setOrder] = useState<Order | null>(null)
  let now = order
  if (!now || now.view !== view || now.codes !== codes || now.named !== named) {
    now = { view, codes, named, shown: visibleRows(rows, view).map((row) => row.code) }
    setOrder(now)
  }
  const { shown } = now
  return useMemo(() => {
    const byCode = new Map(rows.map((row) => [row.code, row]))
    return shown.flatMap((code) => byCode.get(code) ?? [])
  }, [shown, rows])
}

interface Order {
  view: WorkView
  codes: readonly string[]
  named: number
  shown: readonly string[]
}
