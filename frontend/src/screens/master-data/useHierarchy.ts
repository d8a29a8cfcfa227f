/** The hierarchy group > family > item. Items of a family are read page by page when it is opened. */
import { useQueries, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { request } from '@/api/client'

const PAGE = 200

interface Family {
  label: string
  items: number
}

interface Group {
  label: string
  items: number
  families: Family[]
}

interface HierarchyAnswer {
  groups: Group[]
  total_items: number
  filtered_items: number
}

interface ItemsAnswer {
  items: { item_code: string; item_name?: string | null; spec?: string | null; material?: string | null }[]
  total_items: number
  filtered_items: number
}

export type Row =
  | { kind: 'group' | 'family'; id: string; level: number; label: string; count: number; expanded: boolean }
  | { kind: 'item'; id: string; level: number; code: string; name: string; facts: string }
  | { kind: 'loading' | 'failed'; id: string; level: number }
  | { kind: 'more'; id: string; level: number; family: string; left: number }

export function useHierarchy(query: string) {
  return useQuery({
    queryKey: ['hierarchy', query],
    staleTime: 5 * 60_000,
    queryFn: ({ signal }) =>
      request<HierarchyAnswer>('get', '/api/master-data/hierarchy', { query: { query }, signal }),
  })
}

const groupId = (group: string) => JSON.stringify(['g', group])
const familyId = (group: string, family: string) => JSON.stringify(['f', group, family])

/** A page of a family's items that is wanted. */
interface WantedPage {
  group: string
  family: string
  page: number
}

interface PageAnswer {
  data: ItemsAnswer | undefined
  isError: boolean
}

const answersOf = (results: readonly PageAnswer[]): PageAnswer[] =>
  results.map(({ data, isError }) => ({ data, isError }))

/** The visible rows of the tree, flat. `pages` says how many pages of each family are wanted. */
export function useRows(
  hierarchy: HierarchyAnswer | undefined,
  query: string,
  expanded: ReadonlySet<string>,
  pages: ReadonlyMap<string, number>,
): Row[] {
  const wanted = useMemo(() => wantedPages(hierarchy, expanded, pages), [hierarchy, expanded, pages])
  const answers = useQueries({
    queries: wanted.map(({ group, family, page }) => ({
      queryKey: ['hierarchy-items', query, group, family, page],
      staleTime: 5 * 60_000,
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        request<ItemsAnswer>('get', '/api/master-data/items', {
          query: { query, group, family, limit: PAGE, offset: page * PAGE },
          signal,
        }),
    })),
    combine: answersOf,
  })
  return useMemo(() => rowsOf(hierarchy, expanded, wanted, answers), [hierarchy, expanded, wanted, answers])
}

function wantedPages(
  hierarchy: HierarchyAnswer | undefined,
  expanded: ReadonlySet<string>,
  pages: ReadonlyMap<string, number>,
): WantedPage[] {
  return (hierarchy?.groups ?? [])
    .filter((group) => expanded.has(groupId(group.label)))
    .flatMap((group) =>
      group.families.flatMap((family) => {
        const id = familyId(group.label, family.label)
        const count = expanded.has(id) ? (pages.get(id) ?? 1) : 0
        return Array.from({ length: count }, (_, page) => ({
          group: group.label,
          family: family.label,
          page,
        }))
      }),
    )
}

function rowsOf(
  hierarchy: HierarchyAnswer | undefined,
  expanded: ReadonlySet<string>,
  wanted: readonly WantedPage[],
  answers: readonly PageAnswer[],
): Row[] {
  const answersByFamily = new Map<string, PageAnswer[]>()
  wanted.forEach((page, index) => {
    const id = familyId(page.group, page.family)
    const found = answersByFamily.get(id) ?? []
    found.push(answers[index] ?? { data: undefined, isError: false })
    answersByFamily.set(id, found)
  })
  const rows: Row[] = []
  for (const group of hierarchy?.groups ?? []) {
    const id = groupId(group.label)
    const isOpen = expanded.has(id)
    rows.push({ kind: 'group', id, level: 1, label: group.label, count: group.items, expanded: isOpen })
    if (!isOpen) continue
    for (const family of group.families) {
      const key = familyId(group.label, family.label)
      const familyOpen = expanded.has(key)
      rows.push({
        kind: 'family',
        id: key,
        level: 2,
        label: family.label,
        count: family.items,
        expanded: familyOpen,
      })
      if (familyOpen) addItems(rows, key, family.items, answersByFamily.get(key) ?? [])
    }
  }
  return rows
}

/** The items of an opened family as far as they have been read, and what says that there are more. */
function addItems(rows: Row[], key: string, items: number, answers: readonly PageAnswer[]) {
  let shown = 0
  answers.forEach((answer, page) => {
    if (answer.isError) rows.push({ kind: 'failed', id: `${key}:failed:${page}`, level: 3 })
    else if (!answer.data) rows.push({ kind: 'loading', id: `${key}:loading:${page}`, level: 3 })
    for (const item of answer.data?.items ?? []) {
      rows.push({
        kind: 'item',
        id: `${key}:${item.item_code}`,
        level: 3,
        code: item.item_code,
        name: item.item_name ?? '',
        facts: [item.spec, item.material].filter(Boolean).join(' · '),
      })
      shown += 1
    }
  })
  const loaded = answers.length * PAGE
  if (shown > 0 && loaded < items)
    rows.push({ kind: 'more', id: `${key}:more`, level: 3, family: key, left: items - loaded })
}
