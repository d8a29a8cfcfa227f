/** The hierarchy as a tree; only the rows in view are in the page, so hundreds of thousands of items scroll freely. */
import { useVirtualizer } from '@tanstack/react-virtual'
import clsx from 'clsx'
import { ChevronRight, Star } from 'lucide-react'
import { useCallback, useRef, useState, type KeyboardEvent } from 'react'
import { Button } from '@/ui/Button'
import { Card } from '@/ui/Card'
import { Empty, QueryPanel } from '@/ui/PanelState'
import { useCommonText } from '@/i18n/common'
import { formatNumber } from '@/i18n/format'
import { useMaster } from './masterStore'
import { useMasterText } from './texts'
import { useFavourites } from './useFavourites'
import { useHierarchy, useRows, type Row } from './useHierarchy'

/** What the server calls items without a group or family. */
const UNNAMED = '미분류'

export function HierarchyPanel() {
  const t = useMasterText()
  const query = useMaster((state) => state.query)
  const hierarchy = useHierarchy(query)
  return (
    <Card
      title={t('hierarchy')}
      description={
        hierarchy.data
          ? t('hierarchyCount', {
              total: formatNumber(hierarchy.data.total_items, 0),
              filtered: formatNumber(hierarchy.data.filtered_items, 0),
            })
          : t('hierarchyAbout')
      }
    >
      <Favourites />
      <QueryPanel
        query={hierarchy}
        rows={8}
        isEmpty={(data) => data.groups.length === 0}
        empty={<Empty title={t('hierarchyEmpty')} hint={t('hierarchyEmptyHint')} />}
      >
        {(data) => <Tree key={query} hierarchy={data} query={query} />}
      </QueryPanel>
    </Card>
  )
}

function Favourites() {
  const t = useMasterText()
  const { favourites, ready } = useFavourites()
  const open = useMaster((state) => state.open)
  if (!ready) return null
  return (
    <section aria-label={t('favourites')} className="mb-3">
      <h3 className="mb-1 flex items-center gap-1.5 text-[0.9rem]">
        <Star className="size-4 text-warn" aria-hidden />
        {t('favourites')}
      </h3>
      {favourites.length === 0 ? (
        <p className="text-[0.84rem] text-muted">{t('favouritesEmpty')}</p>
      ) : (
        <div className="flex max-h-24 flex-wrap gap-1.5 overflow-y-auto">
          {favourites.map((code) => (
            <Button key={code} size="sm" onClick={() => open([code])}>
              {code}
            </Button>
          ))}
        </div>
      )}
    </section>
  )
}

function Tree({ hierarchy, query }: { hierarchy: Parameters<typeof useRows>[0]; query: string }) {
  const expanded = useMaster((state) => state.expanded)
  const [pages, setPages] = useState<ReadonlyMap<string, number>>(new Map())
  const rows = useRows(hierarchy, query, expanded, pages)
  const more = useCallback(
    (family: string) => setPages((known) => new Map(known).set(family, (known.get(family) ?? 1) + 1)),
    [],
  )
  return <Rows rows={rows} onMore={more} />
}

/** Scrolling renders these alone; the rows are made above. */
function Rows({ rows, onMore }: { rows: readonly Row[]; onMore: (family: string) => void }) {
  const t = useMasterText()
  const [focused, setFocused] = useState(0)
  const scroller = useRef<HTMLDivElement>(null)

  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 34,
    overscan: 12,
  })
  const current = Math.min(focused, rows.length - 1)

  const activate = (row: Row | undefined) => {
    const { toggle, open } = useMaster.getState()
    if (!row) return
    if (row.kind === 'group' || row.kind === 'family') toggle(row.id)
    else if (row.kind === 'item') open([row.code])
    else if (row.kind === 'more') onMore(row.family)
  }
  const go = (index: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, index))
    setFocused(next)
    virtual.scrollToIndex(next)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const row = rows[current]
    const branch = row && (row.kind === 'group' || row.kind === 'family') ? row : null
    const parent = () =>
      rows.findLastIndex((other, index) => index < current && other.level < (row?.level ?? 1))
    const actions: Record<string, () => void> = {
      ArrowDown: () => go(current + 1),
      ArrowUp: () => go(current - 1),
      PageDown: () => go(current + 12),
      PageUp: () => go(current - 12),
      Home: () => go(0),
      End: () => go(rows.length - 1),
      Enter: () => activate(row),
      ' ': () => activate(row),
      ArrowRight: () => (branch && !branch.expanded ? activate(branch) : go(current + 1)),
      ArrowLeft: () => (branch?.expanded ? activate(branch) : go(Math.max(0, parent()))),
    }
    const action = actions[event.key]
    if (!action) return
    event.preventDefault()
    action()
  }

  return (
    <div
      ref={scroller}
      role="tree"
      aria-label={t('tree')}
      tabIndex={0}
      aria-activedescendant={rows[current] ? `tree-${current}` : undefined}
      onKeyDown={onKeyDown}
      className="tile h-[30rem] overflow-auto"
    >
      <div role="presentation" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index]
          if (!row) return null
          return (
            <div
              key={row.id}
              id={`tree-${item.index}`}
              role="treeitem"
              aria-level={row.level}
              aria-selected={item.index === current}
              aria-expanded={'expanded' in row ? row.expanded : undefined}
              onClick={() => {
                setFocused(item.index)
                activate(row)
              }}
              className={clsx(
                'absolute inset-x-0 flex cursor-pointer items-center gap-1.5 px-2 hover:bg-accent-soft',
                item.index === current && 'bg-accent-soft/70',
              )}
              style={{
                height: item.size,
                transform: `translateY(${item.start}px)`,
                paddingLeft: 8 + (row.level - 1) * 14,
              }}
            >
              <RowContent row={row} />
            </div>
          )
        })}
      </div>
    </div>
  )
}

function RowContent({ row }: { row: Row }) {
  const t = useMasterText()
  const common = useCommonText()
  switch (row.kind) {
    case 'group':
    case 'family':
      return (
        <>
          <ChevronRight
            className={clsx('size-4 shrink-0 text-muted transition-transform', row.expanded && 'rotate-90')}
            aria-hidden
          />
          <span className="truncate font-semibold text-heading">
            {row.label === UNNAMED ? t('unnamed') : row.label || '–'}
          </span>
          <span className="ml-auto text-[0.8rem] text-muted tabular-nums">{formatNumber(row.count, 0)}</span>
        </>
      )
    case 'item':
      return (
        <span className="min-w-0 truncate" title={`${row.code} · ${row.name}\n${row.facts}`}>
          <b className="text-heading">{row.code}</b> {row.name}{' '}
          <span className="text-[0.8rem] text-muted">{row.facts}</span>
        </span>
      )
    case 'more':
      return (
        <span className="text-accent-ink underline">
          {t('moreItems', { count: formatNumber(row.left, 0) })}
        </span>
      )
    case 'loading':
      return <span className="skeleton h-4 w-40" />
    case 'failed':
      return <span className="text-bad">{common('panelFailed')}</span>
  }
}
