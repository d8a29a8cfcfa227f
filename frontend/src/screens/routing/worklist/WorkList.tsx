/** 작업 목록: one row an item; sorted, filtered, searched, and worked through by mouse or keyboard. */
import { CheckCheck, Download, Printer, Send } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useWorkflow } from '@/api/workflow'
import { Button } from '@/ui/Button'
import { Card } from '@/ui/Card'
import { TextField } from '@/ui/Field'
import { Empty } from '@/ui/PanelState'
import { formatNumber } from '@/i18n/format'
import { exportMany } from '../groups/useSaving'
import { useInterface } from '../groups/interfaceState'
import { printRoutings } from '../print/printRoutings'
import { useRouting } from '../store/routingStore'
import { useRoutingText } from '../texts'
import { FILTERS, filterCounts } from './rows'
import { useWorkKeys } from './useWorkKeys'
import { WorkTable } from './WorkTable'
import { accept, actedOn } from './workActions'
import { changeView, select, useVisibleRows, useWorkRows, useWorkView } from './workView'

export function WorkList() {
  const t = useRoutingText()
  const rows = useWorkRows()
  const visible = useVisibleRows(rows)
  const view = useWorkView((state) => state.view)
  const selected = useWorkView((state) => state.selected)
  const activeCode = useRouting((state) => state.activeCode)
  const leftOut = useRouting((state) => state.work.leftOut)
  const erpEnabled = useWorkflow().data?.export.erp_interface_enabled === true
  const counts = filterCounts(rows)
  const count = rows.filter((row) => selected.has(row.code)).length
  useWorkKeys(visible)

  const unknown = rows.filter((row) => row.unknown).map((row) => row.code)
  return (
    <Card
      title={t('workList')}
      actions={
        rows.length > 0 && (
          <span role="status" className="font-semibold text-accent-ink tabular-nums">
            {count > 0
              ? t('selectedOf', { count, all: rows.length })
              : t('shownOf', { count: visible.length, all: rows.length })}
          </span>
        )
      }
    >
      {rows.length === 0 ? (
        <Empty title={t('tabsEmpty')} hint={t('tabsEmptyHint')} />
      ) : (
        <>
          <div className="mb-2 flex flex-wrap items-end gap-2">
            <SearchField />
            <div role="group" aria-label={t('filter')} className="flex flex-wrap gap-1">
              {FILTERS.map((filter) => (
                <button
                  key={filter}
                  type="button"
                  aria-pressed={view.filter === filter}
                  onClick={() => changeView({ filter })}
                  className={
                    view.filter === filter
                      ? 'rounded-full border border-accent-strong bg-accent-soft px-2.5 py-1 text-[0.84rem] font-semibold text-heading'
                      : 'rounded-full border border-line-strong bg-field px-2.5 py-1 text-[0.84rem] text-body hover:bg-accent-soft'
                  }
                >
                  {t(`filter.${filter}`)} {formatNumber(counts[filter], 0)}
                </button>
              ))}
            </div>
          </div>
          <div className="mb-2 flex flex-wrap items-center gap-2">
            <Button
              size="sm"
              variant="primary"
              icon={CheckCheck}
              disabled={!count && !activeCode}
              onClick={() => accept(visible)}
            >
              {count > 0 ? t('acceptSelected', { count }) : t('acceptOne')}
            </Button>
            {counts.certain > 0 && (
              <Button
                size="sm"
                onClick={() =>
                  useRouting
                    .getState()
                    .review(
                      rows.filter((row) => row.state === 'open' && !row.attention).map((row) => row.code),
                    )
                }
              >
                {t('acceptCertain', { count: counts.certain })}
              </Button>
            )}
            <Button size="sm" icon={Download} onClick={() => void exportMany(actedOn())}>
              {t('exportThem')}
            </Button>
            <Button size="sm" icon={Printer} onClick={() => printRoutings(actedOn())}>
              {t('printThem')}
            </Button>
            <Button
              size="sm"
              icon={Send}
              disabled={!erpEnabled}
              title={erpEnabled ? undefined : t('interfaceHint')}
              onClick={() => useInterface.setState({ codes: actedOn() })}
            >
              {t('sendThem')}
            </Button>
            {count > 0 && (
              <Button size="sm" variant="ghost" onClick={() => select([])}>
                {t('selectNone')}
              </Button>
            )}
            <span className="text-[0.8rem] text-muted">{t('workKeys')}</span>
          </div>
          {(unknown.length > 0 || leftOut.lines > 0) && (
            <div className="mb-2 rounded-xl border border-warn/40 bg-warn-soft px-3 py-1.5 text-[0.86rem]">
              {unknown.length > 0 && <p>{t('unknownCodes', { codes: unknown.join(', ') })}</p>}
              {leftOut.lines > 0 && (
                <p>
                  {t('leftOut', { count: leftOut.lines })}{' '}
                  {leftOut.texts.length > 0 && leftOut.texts.slice(0, 20).join(', ')}
                </p>
              )}
            </div>
          )}
          {visible.length === 0 ? (
            <Empty
              title={t('noRow')}
              action={
                <Button size="sm" onClick={() => changeView({ filter: 'all', search: '' })}>
                  {t('clearFilter')}
                </Button>
              }
            />
          ) : (
            <WorkTable rows={visible} />
          )}
        </>
      )}
    </Card>
  )
}

/** Waits for a pause in the writing, so that every letter does not order 50 rows anew. */
function SearchField() {
  const t = useRoutingText()
  const search = useWorkView((state) => state.view.search)
  const [typed, setTyped] = useState<{ text: string; of: string } | null>(null)
  const text = typed && typed.of === search ? typed.text : search
  useEffect(() => {
    if (!typed || typed.text === search) return undefined
    const timer = setTimeout(() => {
      changeView({ search: typed.text })
      setTyped(null)
    }, 150)
    return () => clearTimeout(timer)
  }, [typed, search])
  return (
    <TextField
      label={t('workSearch')}
      hideLabel
      type="search"
      className="w-[28rem] max-w-full"
      placeholder={t('workSearch')}
      value={text}
      onChange={(event) => setTyped({ text: event.target.value, of: search })}
    />
  )
}
