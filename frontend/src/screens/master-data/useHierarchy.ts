/** The hierarchy group > family > item. Items of a family are read page by page when it is opened. */
import { useQueries, useQuery } from '@tanstack/react-query'
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

/** The visible rows of the tree, flat. `pages` says how many pages of each family are wanted. */
export function useRows(
  hierarchy: HierarchyAnswer | undefined,
  query: string,
  expanded: ReadonlySet<string>,
  pages: ReadonlyMap<string, number>,
): Row[] {
  const open = (hierarchy?.groups ?? [])
    .filter((group) => expanded.has(groupId(group.label)))
    .flatMap((group) =>
      group.families
        .filter((family) => expanded.has(familyId(group.label, family.label)))
        .map((family) => ({ group, family })),
    )
  const wanted = open.flatMap(({ group, family }) =>
    Array.from({ length: pages.get(familyId(group.label, family.label)) ?? 1 }, (_, page) => ({
      group: group.label,
      family: family.label,
      page,
    })),
  )
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
      if (!familyOpen) continue
      let shown = 0
      wanted.forEach((page, index) => {
        if (page.group !== group.label || page.family !== family.label) return
        const answer = answers[index]
        if (answer?.isError) rows.push({ kind: 'failed', id: `${key}:failed:${page.page}`, level: 3 })
        else if (!answer?.data) rows.push({ kind: 'loading', id: `${key}:loading:${page.page}`, level: 3 })
        for (const item of answer?.data?.items ?? []) {
          const facts = [item.spec, item.material].filter(Boolean).join(' · ')
          rows.push({
            kind: 'item',
            id: `${key}:${item.item_code}`,
            level: 3,
            code: item.item_code,
            name: item.item_name ?? '',
            facts,
          })
          shown += 1
        }
      })
      const loaded =
        wanted.filter((page) => page.group === group.label && page.family === family.label).length * PAGE
      if (shown > 0 && loaded < family.items)
        rows.push({ kind: 'more', id: `${key}:more`, level: 3, family: key, left: family.items - loaded })
    }
  }
  return rows
}
