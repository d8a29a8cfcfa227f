/** Which items are open and what is searched for; kept while other menus are visited. */
import { create } from 'zustand'

interface MasterState {
  tabs: readonly string[]
  active: string | null
  query: string
  expanded: ReadonlySet<string>
  open: (codes: readonly string[]) => void
  activate: (code: string) => void
  close: (code: string) => void
  setQuery: (query: string) => void
  toggle: (id: string, expanded?: boolean) => void
}

export const useMaster = create<MasterState>((set, get) => ({
  tabs: [],
  active: null,
  query: '',
  expanded: new Set(),
  open: (codes) => {
    const known = new Map(get().tabs.map((code) => [code.toLowerCase(), code]))
    const added = codes.filter((code) => !known.has(code.toLowerCase()))
    const last = codes.at(-1)
    set({
      tabs: [...get().tabs, ...added],
      active: last ? (known.get(last.toLowerCase()) ?? last) : get().active,
    })
  },
  activate: (active) => set({ active }),
  close: (code) => {
    const { tabs, active } = get()
    const rest = tabs.filter((tab) => tab !== code)
    set({
      tabs: rest,
      active: active === code ? (rest[Math.min(tabs.indexOf(code), rest.length - 1)] ?? null) : active,
    })
  },
  setQuery: (query) => set({ query, expanded: new Set() }),
  toggle: (id, expanded) => {
    const next = new Set(get().expanded)
    if (expanded ?? !next.has(id)) next.add(id)
    else next.delete(id)
    set({ expanded: next })
  },
}))
