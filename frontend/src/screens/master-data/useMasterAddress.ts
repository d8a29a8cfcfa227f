/** The item that is looked at and what is searched for stand in the address: `/master-data?item=A&q=words`; back and forward lead through items. */
import { useEffect } from 'react'
import { useMaster } from './masterStore'

const PATH = '/master-data'

interface Shown {
  active: string | null
  query: string
}

export function masterAddress({ active, query }: Shown): string {
  const search = new URLSearchParams()
  if (active) search.set('item', active)
  if (query) search.set('q', query)
  const text = search.toString()
  return text ? `${PATH}?${text}` : PATH
}

function follow() {
  const search = new URLSearchParams(window.location.search)
  const [item, query] = [search.get('item'), search.get('q')]
  const { active, open, query: asked, setQuery } = useMaster.getState()
  if (query !== null && query !== asked) setQuery(query)
  if (item && item.toLowerCase() !== active?.toLowerCase()) open([item])
}

export function useMasterAddress() {
  useEffect(() => {
    follow()
    const write = (state: Shown, another: boolean) => {
      const address = masterAddress(state)
      if (window.location.pathname !== PATH || address === PATH + window.location.search) return
      window.history[another ? 'pushState' : 'replaceState'](null, '', address)
    }
    write(useMaster.getState(), false)
    const unsubscribe = useMaster.subscribe((state, before) => write(state, state.active !== before.active))
    window.addEventListener('popstate', follow)
    return () => {
      unsubscribe()
      window.removeEventListener('popstate', follow)
    }
  }, [])
}
