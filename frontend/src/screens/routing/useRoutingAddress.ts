/**
 * What is looked at stands in the address, so that it can be sent and the browser's back and forward work:
 * `/routing?items=A,B&item=B` recommends for A and B and shows B, from similar items with `similar=1`; `/routing?group=ID` opens a
 * saved group. `show`, `sort` (with - in front from the other end) and `find` are the view of the work list.
 */
import { useEffect, useRef } from 'react'
import { describeError } from '@/api/errors'
import { notify } from '@/ui/toasts'
import { openGroup } from './groups/useGroups'
import { parseItemCodes } from './inputs/parseItemCodes'
import { usePrediction } from './inputs/usePrediction'
import { activeDocument, useRouting, type RoutingState } from './store/routingStore'
import { routingText } from './texts'
import { DEFAULT_VIEW, FILTERS, SORT_KEYS, type WorkView } from './worklist/rows'
import { changeView, useWorkView } from './worklist/workView'

const PATH = '/routing'

/** The address of what a state shows. */
export function addressOf(
  state: Pick<RoutingState, 'work' | 'activeCode' | 'documents' | 'activeId' | 'inputs'>,
  view: WorkView = DEFAULT_VIEW,
): string {
  const search = new URLSearchParams()
  const group = activeDocument(state)?.group
  if (group && state.work.codes.length <= 1) search.set('group', group.id)
  else if (state.work.codes.length > 0) {
    search.set('items', state.work.codes.join(','))
    if (state.inputs.ignoreOwn) search.set('similar', '1')
  }
  if (state.activeCode && state.work.codes.length > 1) search.set('item', state.activeCode)
  if (state.work.codes.length > 1) {
    if (view.filter !== DEFAULT_VIEW.filter) search.set('show', view.filter)
    if (view.sort !== DEFAULT_VIEW.sort || view.descending)
      search.set('sort', `${view.descending ? '-' : ''}${view.sort}`)
    if (view.search) search.set('find', view.search)
  }
  const text = search.toString().replaceAll('%2C', ',')
  return text ? `${PATH}?${text}` : PATH
}

/** The view of the work list that an address asks for; what it does not name, or names wrongly, is as usual. */
export function viewIn(search: URLSearchParams): WorkView {
  const sort = search.get('sort') ?? ''
  const key = SORT_KEYS.find((one) => one === sort.replace(/^-/, ''))
  return {
    filter: FILTERS.find((one) => one === search.get('show')) ?? DEFAULT_VIEW.filter,
    sort: key ?? DEFAULT_VIEW.sort,
    descending: key !== undefined && sort.startsWith('-'),
    search: search.get('find') ?? '',
  }
}

function same(first: readonly string[], second: readonly string[]): boolean {
  const [a, b] = [first, second].map((codes) => codes.map((code) => code.toLowerCase()).sort())
  return JSON.stringify(a) === JSON.stringify(b)
}

function write(another: boolean) {
  const address = addressOf(useRouting.getState(), useWorkView.getState().view)
  if (address === window.location.pathname + window.location.search) return
  window.history[another ? 'pushState' : 'replaceState'](null, '', address)
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
        state.setInputs({
          codes: codes.join('\n'),
          ...(search.get('similar') === '1' ? { ignoreOwn: true } : {}),
        })
        await run(codes)
      }
      const { work, activeCode, activateItem } = useRouting.getState()
      if (item && item !== activeCode && work.codes.includes(item)) activateItem(item)
      if (work.codes.length === 0) return
      if (codes.length > 0) changeView(viewIn(search))
      // What was asked for and not followed, such as another list while this one is unsaved, does not stay in the address.
      if (window.location.pathname === PATH) write(false)
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
      if (following || window.location.pathname !== PATH || addressOf(state) === addressOf(before)) return
      // Other items are another place to come back to; going through them is not.
      write(state.work.codes !== before.work.codes)
    })
    const unsubscribeView = useWorkView.subscribe((state, before) => {
      if (!following && window.location.pathname === PATH && state.view !== before.view) write(false)
    })
    window.addEventListener('popstate', go)
    return () => {
      unsubscribe()
      unsubscribeView()
      window.removeEventListener('popstate', go)
    }
  }, [])
}
