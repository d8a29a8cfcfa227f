/** INTERFACE: saves the routing for the ERP, writes it to the candidate store and hands it over; shows how far that is. */
import { useMutation } from '@tanstack/react-query'
import { ClipboardCopy, Send } from 'lucide-react'
import { call } from '@/api/client'
import { handOver, useHandOvers } from '@/api/erp'
import { ErpMessageFacts } from '@/erp/ErpMessageFacts'
import { Button } from '@/ui/Button'
import { Dialog } from '@/ui/Dialog'
import { copyText } from '@/ui/files'
import { Failed } from '@/ui/PanelState'
import { notify } from '@/ui/toasts'
import { erpText, useErpText } from '@/erp/texts'
import { useCommonText } from '@/i18n/common'
import type { Format } from '../exports/formats'
import { stepOf } from '../store/operation'
import { activeDocument, useRouting } from '../store/routingStore'
import { useRoutingText } from '../texts'
import { saveGroup } from './useGroups'

interface InterfaceDialogProps {
  name: string
  format: Format
  onClose: () => void
}

export function InterfaceDialog({ name, format, onClose }: InterfaceDialogProps) {
  const t = useRoutingText()
  const common = useCommonText()
  const document = useRouting(activeDocument)
  const send = useMutation({
    mutationFn: async () => {
      if (!document) return null
      const saved = await saveGroup(document, { name, format, erpRequired: true })
      if (!saved) return null
      const message = await handOver(saved.group_id)
      notify('good', erpText('queued', { name: message.subject_name }))
      return call('post', '/api/candidates/save', {
        item_code: document.itemCode,
        candidate_id: document.candidateId,
        payload: {
          ...document.summary,
          group_id: saved.group_id,
          operations: document.operations.present.map(stepOf),
        },
      })
    },
  })
  const groupId = document?.group?.id ?? null
  const sql = send.data?.sql_preview?.join('\n') ?? ''

  return (
    <Dialog
      open
      onClose={onClose}
      wide={send.data != null}
      title={t('interfaceTitle')}
      description={`${document?.itemCode ?? ''} · ${document?.candidateId ?? ''} → ${name}`}
      footer={
        <>
          <Button onClick={onClose}>{common('close')}</Button>
          {sql && (
            <Button
              icon={ClipboardCopy}
              onClick={() =>
                void copyText(sql).then((done) =>
                  notify(done ? 'good' : 'bad', common(done ? 'copied' : 'copyFailed')),
                )
              }
            >
              {t('copySql')}
            </Button>
          )}
          <Button
            variant="primary"
            icon={Send}
            busy={send.isPending}
            disabled={!document}
            onClick={() => send.mutate()}
          >
            {t('interface')}
          </Button>
        </>
      }
    >
      {send.isError && <Failed error={send.error} />}
      <HandOvers groupId={groupId} />
      {send.data && (
        <dl className="space-y-2">
          <dt className="font-semibold text-heading">{t('interfacePath')}</dt>
          <dd className="font-mono text-[0.84rem] break-all">{send.data.saved_path}</dd>
          {send.data.warnings?.map((warning) => (
            <dd key={warning} className="rounded-lg bg-warn-soft px-3 py-1">
              {warning}
            </dd>
          ))}
          <dt className="font-semibold text-heading">{t('interfaceSql')}</dt>
          <dd>
            <pre className="max-h-80 overflow-auto rounded-xl bg-field p-3 text-[0.8rem]">{sql}</pre>
          </dd>
        </dl>
      )}
    </Dialog>
  )
}

function HandOvers({ groupId }: { groupId: string | null }) {
  const t = useErpText()
  const found = useHandOvers(groupId)
  if (!found.data?.length) return null
  return (
    <section className="mb-3" aria-label={t('handOvers')}>
      <h3 className="mb-1 text-[0.95rem]">{t('handOvers')}</h3>
      <ul className="flex max-h-52 flex-col gap-2 overflow-y-auto">
        {found.data.map((message) => (
          <li key={message.message_id} className="tile px-3 py-2">
            <ErpMessageFacts message={message} />
          </li>
        ))}
      </ul>
    </section>
  )
}
