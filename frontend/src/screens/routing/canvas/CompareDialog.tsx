/** Two routings side by side, operations aligned in order. */
import { useMemo, useState } from 'react'
import { Dialog } from '@/ui/Dialog'
import { SelectField } from '@/ui/Field'
import { formatNumber } from '@/i18n/format'
import { totals, type Operation } from '../store/operation'
import { useRouting } from '../store/routingStore'
import { useRoutingText } from '../texts'
import { align } from './align'

export function CompareDialog({ onClose }: { onClose: () => void }) {
  const t = useRoutingText()
  const documents = useRouting((state) => state.documents)
  const activeId = useRouting((state) => state.activeId)
  const [leftId, setLeftId] = useState(activeId ?? '')
  const [rightId, setRightId] = useState(() => {
    const active = documents.find((document) => document.id === activeId)
    const others = documents.filter((document) => document.id !== activeId)
    return (others.find((document) => document.itemCode === active?.itemCode) ?? others[0])?.id ?? ''
  })
  const left = documents.find((document) => document.id === leftId)
  const right = documents.find((document) => document.id === rightId)
  const options = documents.map((document) => ({
    value: document.id,
    label: `${document.itemCode} · ${document.candidateId}`,
  }))
  const pairs = useMemo(
    () => align(left?.operations.present ?? [], right?.operations.present ?? []),
    [left, right],
  )
  const sums = [totals(left?.operations.present ?? []), totals(right?.operations.present ?? [])] as const

  return (
    <Dialog open onClose={onClose} wide title={t('compareTitle')} description={t('compareAbout')}>
      <div className="mb-3 grid gap-3 sm:grid-cols-2">
        <SelectField
          label={t('compareLeft')}
          options={options}
          value={leftId}
          onChange={(event) => setLeftId(event.target.value)}
        />
        <SelectField
          label={t('compareRight')}
          options={options}
          value={rightId}
          onChange={(event) => setRightId(event.target.value)}
        />
      </div>
      <table className="data-table">
        <thead>
          <tr>
            <th scope="col">{t('compareLeft')}</th>
            <th scope="col">{t('setup')}</th>
            <th scope="col">{t('runTime')}</th>
            <th scope="col">{t('compareRight')}</th>
            <th scope="col">{t('setup')}</th>
            <th scope="col">{t('runTime')}</th>
            <th scope="col">{t('difference')}</th>
          </tr>
        </thead>
        <tbody>
          {pairs.map(([first, second], index) => (
            <tr key={index} className={first && second ? undefined : 'bg-warn-soft'}>
              <Cells operation={first} />
              <Cells operation={second} />
              <td className="tabular-nums">
                {first && second
                  ? signed((second.run ?? 0) - (first.run ?? 0))
                  : t(first ? 'onlyLeft' : 'onlyRight')}
              </td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr className="font-bold text-heading">
            {sums.map((sum, index) => (
              <TotalCells key={index} label={t('total')} setup={sum.setup} run={sum.run} />
            ))}
            <td className="tabular-nums">{signed(sums[1].run - sums[0].run)}</td>
          </tr>
        </tfoot>
      </table>
    </Dialog>
  )
}

function signed(value: number): string {
  return `${value > 0 ? '+' : ''}${formatNumber(value)}`
}

function Cells({ operation }: { operation: Operation | null }) {
  if (!operation) return <td colSpan={3}>–</td>
  return (
    <>
      <td>
        <b className="text-heading">{operation.code}</b> {operation.name}
      </td>
      <td className="tabular-nums">{formatNumber(operation.setup)}</td>
      <td className="tabular-nums">{formatNumber(operation.run)}</td>
    </>
  )
}

function TotalCells({ label, setup, run }: { label: string; setup: number; run: number }) {
  return (
    <>
      <td>{label}</td>
      <td className="tabular-nums">{formatNumber(setup)}</td>
      <td className="tabular-nums">{formatNumber(run)}</td>
    </>
  )
}
