/** INTERFACE: shows what goes where, then saves the routings for the ERP and hands them over; shows how far that is. */
import { useMutation } from '@tanstack/react-query'
import { ClipboardCopy, Send } from 'lucide-react'
import { useState } from 'react'
import { call } from '@/api/client'
import { handOver, useErpStatus, useHandOvers } from '@/api/erp'
import { describeError, isOffline } from '@/api/errors'
import { ErpMessageFacts } from '@/erp/ErpMessageFacts'
import { Button } from '@/ui/Button'
import { Badge } from '@/ui/Card'
import { Dialog } from '@/ui/Dialog'
import { CheckField } from '@/ui/Field'
import { copyText } from '@/ui/files'
import { Failed } from '@/ui/PanelState'
import { notify } from '@/ui/toasts'
import { erpText, useErpText } from '@/erp/texts'
import { useCommonText } from '@/i18n/common'
import { formatNumber } from '@/i18n/format'
import { noticeText, noticeTexts } from '@/i18n/notices'
import { stepOf, totals } from '../store/operation'
import { isDirty, type RoutingDocument } from '../store/routingDocument'
import { useRouting } from '../store/routingStore'
import { chosenOf } from '../store/work'
import { routingText, useRoutingText } from '../texts'
import { useInterface } from './interfaceState'
import { nameOf, useSaveOptions } from './saveOptions'
import type { Failure } from './useSaving'
import { saveGroup } from './useGroups'

const NAMES_IN_SIGNATURE = 4

/** What the ERP's tables know of the routing itself, for each of its operations. */
export function candidateOf(document: RoutingDocument) {
  const operations = document.operations.present
  const of = {
    ITEM_CD: document.itemCode,
    CANDIDATE_ID: document.candidateId,
    ROUTING_SIGNATURE: operations
      .map((operation) => operation.name || operation.code)
      .filter(Boolean)
      .slice(0, NAMES_IN_SIGNATURE)
      .join('+'),
    PRIORITY: document.summary?.PRIORITY ?? 'primary',
    SIMILARITY_TIER: document.summary?.SIMILARITY_TIER ?? null,
    REFERENCE_ITEM_CD: document.summary?.REFERENCE_ITEM_CD ?? null,
    SIMILARITY_SCORE: document.summary?.SIMILARITY_SCORE ?? null,
  }
  return {
    ...of,
    generated_at: document.summary?.generated_at,
    operations: operations.map((operation, position) => ({ ...stepOf(operation, position), ...of })),
  }
}

function isSent(document: RoutingDocument, sent: Readonly<Record<string, number>>): boolean {
  return document.group !== null && !isDirty(document) && sent[document.itemCode] === document.group.version
}

/** Saves a routing and puts it into the ERP's queue. */
async function send(document: RoutingDocument, again: boolean) {
  const { format } = useSaveOptions.getState()
  const quiet = (useInterface.getState().codes?.length ?? 0) > 1
  const saved =
    document.group && !isDirty(document) && again
      ? { group_id: document.group.id, version: document.group.version }
      : await saveGroup(document, { name: nameOf(document), format, erpRequired: true, quiet })
  if (!saved) return false
  const message = await handOver(saved.group_id)
  useRouting.getState().markSent(document.itemCode, saved.version)
  return message.subject_name
}

export function InterfaceDialog() {
  const codes = useInterface((state) => state.codes)
  return codes === null ? null : <Opened codes={codes} />
}

function Opened({ codes }: { codes: readonly string[] }) {
  const t = useRoutingText()
  const erp = useErpText()
  const common = useCommonText()
  const status = useErpStatus().data
  const documents = useRouting((state) => state.documents)
  const work = useRouting((state) => state.work)
  const [again, setAgain] = useState(false)
  const [failures, setFailures] = useState<readonly Failure[]>([])
  const routings = codes
    .map((code) => chosenOf(documents, work, code))
    .filter((one): one is RoutingDocument => (one?.operations.present.length ?? 0) > 0)
  const waiting = routings.filter((document) => again || !isSent(document, work.sent))
  const sentBefore = routings.length - routings.filter((document) => !isSent(document, work.sent)).length
  const [only] = routings

  const sending = useMutation({
    mutationFn: async () => {
      const failed: Failure[] = []
      let done = 0
      for (const document of waiting) {
        try {
          const name = await send(document, again)
          if (name === false) continue
          done += 1
          if (waiting.length === 1) notify('good', erpText('queued', { name }))
        } catch (error) {
          if (isOffline(error)) throw error
          failed.push({ code: document.itemCode, reason: describeError(error) })
        }
      }
      setFailures(failed)
      setAgain(false)
      if (waiting.length > 1) notify('good', routingText('sentMany', { count: done }))
      if (waiting.length !== 1 || done !== 1 || !waiting[0]) return null
      const document = waiting[0]
      const candidate = {
        item_code: document.itemCode,
        candidate_id: document.candidateId,
        payload: { ...candidateOf(document), group_id: document.group?.id },
      }
      return call('post', '/api/candidates/save', candidate, { query: { details: true } })
    },
  })
  const sql = sending.data?.sql_preview?.join('\n') ?? ''
  const close = () => useInterface.setState({ codes: null })

  return (
    <Dialog
      open
      onClose={close}
      wide
      title={t('interfaceTitle')}
      description={t('interfaceAbout')}
      footer={
        <>
          <Button onClick={close}>{common('close')}</Button>
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
            busy={sending.isPending}
            disabled={waiting.length === 0 || status?.ready === false}
            onClick={() => {
              if (!sending.isPending) sending.mutate()
            }}
          >
            {waiting.length > 1 ? t('sendCount', { count: waiting.length }) : t('interface')}
          </Button>
        </>
      }
    >
      {status && (
        <dl className="mb-3 grid grid-cols-[auto_1fr] gap-x-4 gap-y-0.5 text-[0.9rem]">
          <dt className="text-muted">{erp('target')}</dt>
          <dd className="break-all">
            <span className="font-mono text-[0.84rem]">{status.target || '–'}</span>
            {!status.ready && status.problem && (
              <span className="ml-2 text-bad">{noticeText(status.problem, status.problem_notice)}</span>
            )}
          </dd>
          <dt className="text-muted">{t('format')}</dt>
          <dd>{status.protocol.toUpperCase() || '–'}</dd>
        </dl>
      )}
      <table className="data-table mb-3" aria-label={t('whatGoes')}>
        <thead>
          <tr>
            <th scope="col">{t('column.code')}</th>
            <th scope="col">{t('groupName')}</th>
            <th scope="col">{t('column.operations')}</th>
            <th scope="col">{t('column.minutes')}</th>
            <th scope="col">{t('column.state')}</th>
          </tr>
        </thead>
        <tbody>
          {routings.map((document) => (
            <tr key={document.id}>
              <td className="font-semibold">{document.itemCode}</td>
              <td>{nameOf(document)}</td>
              <td className="tabular-nums">{formatNumber(document.operations.present.length, 0)}</td>
              <td className="tabular-nums">{formatNumber(totals(document.operations.present).lead)}</td>
              <td>
                {isSent(document, work.sent) ? (
                  <Badge tone="good">{t('state.sent')}</Badge>
                ) : (
                  <Badge>{t(document.group && !isDirty(document) ? 'state.saved' : 'willBeSaved')}</Badge>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {sentBefore > 0 && (
        <CheckField
          className="mb-3"
          label={t('sendAgain', { count: sentBefore })}
          hint={t('sendAgainHint')}
          checked={again}
          onChange={(event) => setAgain(event.target.checked)}
        />
      )}
      {sending.isError && <Failed error={sending.error} />}
      {failures.map(({ code, reason }) => (
        <p key={code} role="alert" className="mb-1 rounded-lg bg-bad-soft px-3 py-1 text-[0.88rem]">
          <b>{code}</b>: {reason}
        </p>
      ))}
      {routings.length === 1 && <HandOvers groupId={only?.group?.id ?? null} />}
      {sending.data && (
        <dl className="space-y-2">
          {noticeTexts(sending.data.warnings ?? [], sending.data.warning_notices).map((warning) => (
            <dd key={warning} className="rounded-lg bg-warn-soft px-3 py-1">
              {warning}
            </dd>
          ))}
          <dt className="font-semibold text-heading">{t('interfaceSql')}</dt>
          <dd>
            <pre tabIndex={0} className="max-h-80 overflow-auto rounded-xl bg-field p-3 text-[0.8rem]">
              {sql}
            </pre>
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
