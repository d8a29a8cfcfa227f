/** The operations of the chosen routing as they came, before any edit. */
import { useMemo } from 'react'
import { Card } from '@/ui/Card'
import { Empty } from '@/ui/PanelState'
import { formatNumber } from '@/i18n/format'
import { operationOf } from '../store/operation'
import { activeDocument, useRouting } from '../store/routingStore'
import { useRoutingText } from '../texts'

export function AccessPreview() {
  const t = useRoutingText()
  const document = useRouting(activeDocument)
  // What was proposed; of a group that was loaded, what was saved.
  const reference = useMemo(
    () => document?.proposal?.operations.map(operationOf) ?? document?.baseline ?? [],
    [document?.proposal, document?.baseline],
  )
  return (
    <Card title={t('preview')} description={t('previewAbout')}>
      {!document ? (
        <Empty title={t('previewEmpty')} />
      ) : (
        <div className="max-h-96 overflow-auto" tabIndex={0} role="group" aria-label={t('preview')}>
          <table className="data-table">
            <thead className="sticky top-0 bg-[oklch(0.95_0.025_228)]">
              <tr>
                <th scope="col">{t('no')}</th>
                <th scope="col">{t('processCode')}</th>
                <th scope="col">{t('processName')}</th>
                <th scope="col">{t('setup')}</th>
                <th scope="col">{t('runTime')}</th>
              </tr>
            </thead>
            <tbody>
              {reference.map((operation, position) => (
                <tr key={operation.id}>
                  <td className="tabular-nums">{operation.step.PROC_SEQ ?? (position + 1) * 10}</td>
                  <td>{operation.code}</td>
                  <td className="max-w-28 truncate" title={operation.name}>
                    {operation.name}
                  </td>
                  <td className="tabular-nums">{formatNumber(operation.setup)}</td>
                  <td className="tabular-nums">{formatNumber(operation.run)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  )
}
