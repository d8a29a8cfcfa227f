/** The routing that the item has now beside the proposed one, operations aligned in order. */
import clsx from 'clsx'
import { useMemo } from 'react'
import { Empty } from '@/ui/PanelState'
import { formatNumber } from '@/i18n/format'
import { machineOf, totals, type Operation } from '../store/operation'
import type { RoutingDocument } from '../store/routingDocument'
import { useRouting } from '../store/routingStore'
import { useRoutingText } from '../texts'
import { DifferenceText } from '../worklist/cells'
import { changeOf, differenceOf, movedKeys, type Change } from '../worklist/difference'
import { align } from './align'

const TONES: Record<Change, string> = {
  same: '',
  added: 'bg-good-soft',
  removed: 'bg-bad-soft',
  moved: 'bg-warn-soft',
  changed: 'bg-warn-soft',
}

export function DifferenceView({ document }: { document: RoutingDocument }) {
  const t = useRoutingText()
  const current = useRouting((state) => state.work.current[document.itemCode])
  const present = document.operations.present
  const rows = useMemo(() => {
    const pairs = align(current ?? [], present)
    const moved = movedKeys(pairs)
    return pairs.map((pair) => ({ pair, change: changeOf(pair, moved) }))
  }, [current, present])
  if (!current) return <Empty title={t('noCurrent')} hint={t('noCurrentHint')} />
  const [now, next] = [totals(current), totals(present)]
  return (
    <div tabIndex={0} role="group" aria-label={t('view.difference')} className="max-h-[34rem] overflow-auto">
      <p className="mb-2">
        <DifferenceText difference={differenceOf(current, present)} />
      </p>
      <table className="data-table">
        <thead className="sticky top-0 bg-[oklch(0.95_0.025_228)]">
          <tr>
            <th scope="col">{t('change')}</th>
            <th scope="col">{t('tabCurrent')}</th>
            <th scope="col">{t('machine')}</th>
            <th scope="col">{t('setup')}</th>
            <th scope="col">{t('runTime')}</th>
            <th scope="col">{t('tabProposal')}</th>
            <th scope="col">{t('machine')}</th>
            <th scope="col">{t('setup')}</th>
            <th scope="col">{t('runTime')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ pair: [first, second], change }, place) => (
            <tr key={place} className={clsx(TONES[change])} data-change={change}>
              <td className="whitespace-nowrap">{change === 'same' ? '' : t(`change.${change}`)}</td>
              <Cells operation={first} />
              <Cells operation={second} />
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr className="font-bold text-heading">
            <td>{t('total')}</td>
            <td colSpan={2} />
            <td className="tabular-nums">{formatNumber(now.setup)}</td>
            <td className="tabular-nums">{formatNumber(now.run)}</td>
            <td colSpan={2} />
            <td className="tabular-nums">{formatNumber(next.setup)}</td>
            <td className="tabular-nums">{formatNumber(next.run)}</td>
          </tr>
        </tfoot>
      </table>
    </div>
  )
}

function Cells({ operation }: { operation: Operation | null }) {
  if (!operation) return <td colSpan={4}>–</td>
  return (
    <>
      <td>
        <b className="text-heading">{operation.code}</b> <bdi>{operation.name}</bdi>
      </td>
      <td>{machineOf(operation).code || '–'}</td>
      <td className="tabular-nums">{formatNumber(operation.setup)}</td>
      <td className="tabular-nums">{formatNumber(operation.run)}</td>
    </>
  )
}
