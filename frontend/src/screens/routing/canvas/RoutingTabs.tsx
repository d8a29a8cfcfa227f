/** One tab per routing of the item that is looked at. Arrow keys move between tabs, Delete closes one. */
import clsx from 'clsx'
import { FolderOpen, X } from 'lucide-react'
import { useMemo, useRef, type KeyboardEvent } from 'react'
import { ask } from '@/ui/confirm'
import { formatPercent } from '@/i18n/format'
import { isDirty, type RoutingDocument } from '../store/routingDocument'
import { useRouting } from '../store/routingStore'
import { routingsOf } from '../store/work'
import { useRoutingText, routingText } from '../texts'

async function closeTab(document: RoutingDocument) {
  if (isDirty(document)) {
    const answer = await ask({
      title: routingText('closeTitle'),
      text: routingText('closeText', { name: document.candidateId }),
      choices: [{ value: 'close', label: routingText('closeAnyway'), danger: true }],
    })
    if (answer !== 'close') return
  }
  useRouting.getState().close(document.id)
}

/** "추천", "대안 1", ... of one item; groups by their names, its own routing as what it is. */
function tabNames(documents: readonly RoutingDocument[]): string[] {
  let alternatives = 0
  let proposed = false
  return documents.map((document) => {
    if (!document.proposal) return document.group?.name ?? document.candidateId
    if (document.summary?.REFERENCE_ITEM_CD === document.itemCode) return routingText('tabCurrent')
    if (!proposed) {
      proposed = true
      return routingText('tabProposal')
    }
    alternatives += 1
    return routingText('tabAlternative', { number: alternatives })
  })
}

export function RoutingTabs() {
  const t = useRoutingText()
  const all = useRouting((state) => state.documents)
  const activeCode = useRouting((state) => state.activeCode)
  const documents = useMemo(() => (activeCode === null ? [] : routingsOf(all, activeCode)), [all, activeCode])
  const names = useMemo(() => tabNames(documents), [documents])
  const activeId = useRouting((state) => state.activeId)
  const activate = useRouting((state) => state.activate)
  const list = useRef<HTMLDivElement>(null)

  const onKeyDown = (event: KeyboardEvent) => {
    const position = documents.findIndex((document) => document.id === activeId)
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (step !== undefined) {
      const next = documents[(position + step + documents.length) % documents.length]
      if (!next) return
      event.preventDefault()
      activate(next.id)
      list.current?.querySelector<HTMLElement>(`[data-tab="${CSS.escape(next.id)}"]`)?.focus()
    } else if (event.key === 'Delete') {
      const current = documents[position]
      if (current) void closeTab(current)
    }
  }

  if (documents.length === 0) return null
  return (
    <div
      ref={list}
      role="tablist"
      aria-label={t('tabs')}
      onKeyDown={onKeyDown}
      className="flex gap-2 overflow-x-auto p-0.5"
    >
      {documents.map((document, place) => {
        const selected = document.id === activeId
        return (
          <div
            key={document.id}
            role="presentation"
            className={clsx(
              'inline-flex max-w-80 shrink-0 items-center rounded-full border pr-1',
              selected ? 'border-accent-strong bg-accent-soft' : 'border-line-strong bg-field',
            )}
          >
            <button
              type="button"
              role="tab"
              data-tab={document.id}
              aria-selected={selected}
              aria-controls="routing-canvas"
              aria-keyshortcuts="Delete"
              tabIndex={selected ? 0 : -1}
              title={document.group?.name}
              onClick={() => activate(document.id)}
              className="flex min-w-0 items-center gap-2 rounded-full py-0.5 pl-3"
            >
              {document.group && <FolderOpen className="size-4 shrink-0 text-accent-ink" aria-hidden />}
              <span
                className={clsx(
                  'font-semibold text-accent-ink',
                  document.group ? 'truncate' : 'shrink-0 whitespace-nowrap',
                )}
              >
                {names[place]}
              </span>
              <span className="truncate text-[0.86rem] text-heading">{document.candidateId}</span>
              {document.summary?.SIMILARITY_SCORE != null && (
                <span className="text-[0.8rem] text-muted">
                  {formatPercent(document.summary.SIMILARITY_SCORE, 1)}
                </span>
              )}
              {isDirty(document) && (
                <span className="size-2 shrink-0 rounded-full bg-fill" title={t('unsaved')} />
              )}
            </button>
            <button
              type="button"
              tabIndex={-1}
              // Tabs admit no other control among them; by keyboard Delete closes a tab.
              aria-hidden
              title={t('closeTab', { name: document.candidateId })}
              onClick={() => void closeTab(document)}
              className="ml-1 grid size-6 place-items-center rounded-full text-muted hover:bg-accent/40 hover:text-heading"
            >
              <X className="size-3.5" aria-hidden />
            </button>
          </div>
        )
      })}
    </div>
  )
}
