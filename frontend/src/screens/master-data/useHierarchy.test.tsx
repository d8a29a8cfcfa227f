import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { renderHook, waitFor } from '@testing-library/react'
import type { ReactNode } from 'react'
import { expect, test, vi } from 'vitest'
import { useRows } from './useHierarchy'

const HIERARCHY = {
  groups: [
    { label: 'SEAL', items: 450, families: [{ label: 'OIL', items: 450 }] },
    { label: 'RING', items: 3, families: [{ label: 'SNAP', items: 3 }] },
  ],
  total_items: 453,
  filtered_items: 453,
}
const EXPANDED = new Set(['["g","SEAL"]', '["f","SEAL","OIL"]'])

/** Pages of the family; the one at `broken` cannot be read. */
function serve(broken: number | null = null) {
  vi.stubGlobal('fetch', (path: string) => {
    const wanted = new URL(path, 'http://x').searchParams
    const [offset, limit] = [Number(wanted.get('offset')), Number(wanted.get('limit'))]
    if (offset / limit === broken)
      return Promise.resolve(new Response('{"detail":"broken"}', { status: 500 }))
    const items = Array.from({ length: Math.min(limit, 450 - offset) }, (_, at) => ({
      item_code: `OIL-${offset + at}`,
      spec: '30x40',
      material: 'NBR',
    }))
    return Promise.resolve(new Response(JSON.stringify({ items, total_items: 453, filtered_items: 453 })))
  })
}

function rowsWith(pages: ReadonlyMap<string, number>) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  )
  return renderHook((wanted: ReadonlyMap<string, number>) => useRows(HIERARCHY, '', EXPANDED, wanted), {
    wrapper,
    initialProps: pages,
  })
}

test('an opened family shows its items and how many are left, and more of them when asked', async () => {
  serve()
  const { result, rerender } = rowsWith(new Map())
  await waitFor(() => expect(result.current).toHaveLength(2 + 200 + 1 + 1))
  expect(result.current[2]).toMatchObject({ kind: 'item', code: 'OIL-0', facts: '30x40 · NBR' })
  expect(result.current.at(-2)).toMatchObject({ kind: 'more', left: 250 })
  rerender(new Map([['["f","SEAL","OIL"]', 3]]))
  await waitFor(() => expect(result.current).toHaveLength(2 + 450 + 1))
  expect(result.current.map((row) => row.kind)).not.toContain('more')
})

test('rows stay the same while nothing changes, so that scrolling costs nothing', async () => {
  serve()
  const pages = new Map<string, number>()
  const { result, rerender } = rowsWith(pages)
  await waitFor(() => expect(result.current).toHaveLength(204))
  const before = result.current
  rerender(pages)
  expect(result.current).toBe(before)
})

test('a page that cannot be read is told in its place', async () => {
  serve(1)
  const { result } = rowsWith(new Map([['["f","SEAL","OIL"]', 2]]))
  await waitFor(() => expect(result.current.map((row) => row.kind)).toContain('failed'))
  expect(result.current[202]).toMatchObject({ kind: 'failed', level: 3 })
})
