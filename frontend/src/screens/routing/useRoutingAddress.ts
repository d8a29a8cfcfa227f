/**
 * What is looked at stands in the address, so that it can be sent and the browser's back and forward work:
 * `/routing?items=A,B&item=B` recommends for A and B and shows B; `/routing?group=ID` opens a saved group.
 */
import { useEffect, useRef } from 'react'
import { describeError } from '@/api/errors'
import { notify } from '@/ui/toasts'
import { openGroup } from './groups/useGroups'
import { parseItemCodes } from './inputs/parseItemCodes'
import { usePrediction } from './inputs/usePrediction'
import { activeDocument, useRouting, type RoutingState } from './store/routingStore'
import { routingText } from './texts'

const PATH = '/routing'

/** The address of what a state shows. */
export function addressOf(
  state: Pick<RoutingState, 'work' | 'activeCode' | 'documents' | 'activeId'>,
): string {
  const search = new URLSearchParams()
  const group = activeDocument(state)?.group
  if (group && state.work.codes.length <= 1) search.set('group', group.id)
  else if (state.work.codes.length > 0) search.set('items', state.work.codes.join(','))
  if (state.activeCode && state.work.codes.length > 1) search.set('item', state.activeCode)
  const text = search.toString().replaceAll('%2C', ',')
  return text ? `${PATH}?${text}` : PATH
}

function same(first: readonly string[], second: readonly string[]): boolean {
  const [a, b] = [first, second].map((codes) => codes.map((code) => code.toLowerCase()).sort())
  return JSON.stringify(a) === JSON.stringify(b)
}

export function useRoutingAddress() {
  const { run } = usePrediction()
  const follow = useRef(async () => {})
  useEffect(() => {
    follow.current = async () => {
      const search = new URLSearchParams(window.location.search)
      const state = useRouting.getState()
      const { codes } = parseItemCodes(search.get('items') ?? '')
      const [item, group] = [search.get('item'), search.get('group')]
      if (group && !state.documents.some((document) => document.group?.id === group)) {
        const opened = await openGroup(group)
        if (!opened) notify('info', routingText('loadNotFound', { id: group }))
      } else if (codes.length > 0 && !same(codes, state.work.codes)) {
        state.setInputs({ codes: codes.join('\n') })
        await run(codes)
      }
      const { work, activeCode, activateItem } = useRouting.getState()
      if (item && item !== activeCode && work.codes.includes(item)) activateItem(item)
    }
  })

  useEffect(() => {
    let following = true
    const go = () => {
      following = true
      follow
        .current()
        .catch((error: unknown) => notify('bad', describeError(error)))
        .finally(() => {
          following = false
        })
    }
    go()
    const unsubscribe = useRouting.subscribe((state, before) => {
      if (following || window.location.pathname !== PATH) return
      const [address, was] = [addressOf(state), addressOf(before)]
      if (address === was || address === window.location.pathname + window.location.search) return
      // Other items are another place to come back to; going through them is not.
      const another = state.work.codes !== before.work.codes
      window.history[another ? 'pushState' : 'replaceState'](null, '', address)
    })
    window.addEventListener('popstate', go)
    return () => {
      unsubscribe()
      window.removeEventListener('popstate', go)
    }
  }, [])
}
