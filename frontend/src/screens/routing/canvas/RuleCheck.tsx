/** What the rules of the active model say about the routing on the canvas. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { CircleAlert, CircleCheck } from 'lucide-react'
import { useEffect, useState } from 'react'
import { call } from '@/api/client'
import { noticeText } from '@/i18n/notices'
import { machineOf, stepOf } from '../store/operation'
import type { RoutingDocument } from '../store/routingDocument'
import { useRoutingText } from '../texts'

const TONES = { error: 'text-bad', warning: 'text-warn', info: 'text-accent-ink' }

export function RuleCheck({ document }: { document: RoutingDocument }) {
  const t = useRoutingText()
  const operations = document.operations.present
  const [settled, setSettled] = useState(operations)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(operations), 600)
    return () => clearTimeout(timer)
  }, [operations])

  const check = useQuery({
    queryKey: ['rules', document.itemCode, settled],
    queryKeyHashFn: () =>
      `rules:${document.id}:${settled.map((one) => [one.id, one.setup, one.run, one.wait, machineOf(one).code].join()).join(';')}`,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: 60_000,
    retry: false,
    queryFn: ({ signal }) =>
      call(
        'post',
        '/api/rules/validate',
        { item_code: document.itemCode, operations: settled.map(stepOf) },
        { query: { details: true }, signal },
      ),
  })
  if (!check.data?.evaluated_rules) return null
  // What was found of the routing as it was says nothing of it as it is.
  if (operations !== settled || check.isPlaceholderData)
    return <p className="mt-2 text-[0.86rem] text-muted">{t('rulesChecking')}</p>
  const violations = check.data.violations ?? []
  if (violations.length === 0) {
    return (
      <p className="mt-2 flex items-center gap-1.5 text-[0.86rem] text-good">
        <CircleCheck className="size-4" aria-hidden />
        {t('rulesPassed', { count: check.data.evaluated_rules })}
      </p>
    )
  }
  return (
    <ul role="status" aria-label={t('rules')} className="mt-2 space-y-0.5 text-[0.88rem]">
      {violations.map((violation) => (
        <li
          key={violation.rule_id + violation.message}
          className={`flex items-start gap-1.5 ${TONES[violation.severity ?? 'warning']}`}
        >
          <CircleAlert className="mt-0.5 size-4 shrink-0" aria-hidden />
          {noticeText(violation.message, violation.notice)}
        </li>
      ))}
    </ul>
  )
}
