/** What a planner asks of an item first: what it is, how it is made now, what was saved and reviewed for it, and a proposal. */
import { useQuery } from '@tanstack/react-query'
import { FolderOpen, Sparkles } from 'lucide-react'
import { Link } from 'wouter'
import { request } from '@/api/client'
import { useItemFacts } from '@/api/items'
import type { components } from '@/api/schema'
import type { PredictionResponse } from '@/api/types'
import { predict } from '@/screens/routing/inputs/usePrediction'
import { machineOf, totals } from '@/screens/routing/store/operation'
import { currentOf } from '@/screens/routing/store/work'
import { Badge, Card, Figure } from '@/ui/Card'
import { QueryPanel } from '@/ui/PanelState'
import { TextLink } from '@/ui/TextLink'
import { formatNumber, formatTime } from '@/i18n/format'
import { GroupSites } from './GroupSites'
import { useMaster } from './masterStore'
import { useMasterText } from './texts'

type Groups = components['schemas']['RoutingGroupListResponse']
type Reviews = components['schemas']['ProposalReviewListResponse']

const SHOWN = 10

export function ItemCard() {
  const t = useMasterText()
  const code = useMaster((state) => state.active)
  const facts = useItemFacts(code === null ? [] : [code]).data?.get(code?.toLowerCase() ?? '')
  if (code === null || !facts) return null
  return (
    <Card
      title={<bdi>{[facts.item_code, facts.item_name].filter(Boolean).join(' · ')}</bdi>}
      actions={
        <Link
          href={`/routing?items=${encodeURIComponent(facts.item_code)}&similar=1`}
          className="inline-flex items-center gap-2 rounded-full bg-fill px-4 py-1.5 font-semibold text-white hover:opacity-90"
        >
          <Sparkles className="size-4" aria-hidden />
          {t('recommend')}
        </Link>
      }
    >
      <div className="grid grid-cols-2 gap-4 md:grid-cols-3">
        <Figure
          label={t('drawing')}
          value={<bdi>{[facts.drawing, facts.revision].filter(Boolean).join(' ') || '–'}</bdi>}
        />
        <Figure label={t('spec')} value={<bdi>{facts.spec || '–'}</bdi>} />
        <Figure label={t('material')} value={<bdi>{facts.material || '–'}</bdi>} />
      </div>
      <CurrentRouting key={`routing ${facts.item_code}`} code={facts.item_code} />
      <GroupSites key={`sites ${facts.item_code}`} code={facts.item_code} />
      <History key={`history ${facts.item_code}`} code={facts.item_code} />
    </Card>
  )
}

function CurrentRouting({ code }: { code: string }) {
  const t = useMasterText()
  const found = useQuery({
    queryKey: ['current-routing', code],
    staleTime: 5 * 60_000,
    queryFn: async ({ signal }) => {
      const answer: PredictionResponse = await predict(
        { item_codes: [code], top_k: 1, mode: 'detailed', with_evidence: false },
        signal,
      )
      return currentOf(answer)[code] ?? []
    },
  })
  return (
    <section aria-label={t('currentRouting')} className="mt-4 border-t border-line pt-3">
      <h3 className="mb-1 text-[0.95rem]">{t('currentRouting')}</h3>
      <QueryPanel
        query={found}
        rows={2}
        isEmpty={(operations) => operations.length === 0}
        empty={<p className="text-[0.88rem] text-muted">{t('noCurrentRouting')}</p>}
      >
        {(operations) => (
          <>
            <ol className="flex flex-wrap gap-1.5">
              {operations.map((operation, place) => (
                <li key={operation.id} className="tile px-2.5 py-1 text-[0.84rem]">
                  <span className="text-muted">{place + 1}</span>{' '}
                  <b className="text-heading">{operation.code}</b> <bdi>{operation.name}</bdi>
                  <span className="block text-[0.78rem] text-muted tabular-nums">
                    {machineOf(operation).code || '–'} · {formatNumber(operation.setup)} +{' '}
                    {formatNumber(operation.run)}
                  </span>
                </li>
              ))}
            </ol>
            <p className="mt-1 text-[0.84rem] text-muted tabular-nums">
              {t('currentTotals', {
                count: operations.length,
                setup: formatNumber(totals(operations).setup),
                run: formatNumber(totals(operations).run),
              })}
            </p>
          </>
        )}
      </QueryPanel>
    </section>
  )
}

/** Saved routings of the item and what became of its proposals, as far as the person may see them. */
function History({ code }: { code: string }) {
  const t = useMasterText()
  const found = useQuery({
    queryKey: ['item-history', code],
    queryFn: async ({ signal }) => {
      const options = { query: { item_code: code, limit: SHOWN }, signal }
      const [groups, reviews] = await Promise.all([
        request<Groups>('get', '/api/routing/groups', options),
        request<Reviews>('get', '/api/routing/proposals', options),
      ])
      return { groups: groups.items, reviews: reviews.items }
    },
  })
  return (
    <section aria-label={t('history')} className="mt-4 border-t border-line pt-3">
      <h3 className="mb-1 text-[0.95rem]">{t('history')}</h3>
      <QueryPanel
        query={found}
        rows={2}
        isEmpty={({ groups, reviews }) => groups.length + reviews.length === 0}
        empty={<p className="text-[0.88rem] text-muted">{t('historyEmpty')}</p>}
      >
        {({ groups, reviews }) => (
          <ul className="flex max-h-56 flex-col gap-1 overflow-y-auto text-[0.86rem]">
            {groups.map((group) => (
              <li key={group.group_id} className="flex flex-wrap items-baseline gap-x-2">
                <FolderOpen className="size-4 shrink-0 self-center text-accent-ink" aria-hidden />
                <TextLink
                  href={`/routing?group=${encodeURIComponent(group.group_id)}`}
                  className="inline-flex min-h-6 items-center font-semibold"
                >
                  <bdi>{group.group_name}</bdi>
                </TextLink>
                <span className="text-muted">
                  {t('savedFacts', { steps: group.step_count, version: group.version })} ·{' '}
                  {formatTime(group.updated_at)}
                </span>
              </li>
            ))}
            {reviews.map((review) => (
              <li key={review.review_id} className="flex flex-wrap items-baseline gap-x-2">
                <Badge tone={review.outcome === 'accepted' ? 'good' : 'warn'}>
                  {t(review.outcome === 'accepted' ? 'accepted' : 'changed')}
                </Badge>
                <span>
                  {review.outcome !== 'accepted' &&
                    t('changedFacts', {
                      added: review.added,
                      removed: review.removed,
                      moved: review.moved,
                      times: review.times_edited,
                    })}
                </span>
                <span className="text-muted">
                  {formatTime(review.reviewed_at)} · {review.reviewed_by} · {review.model_version}
                </span>
              </li>
            ))}
          </ul>
        )}
      </QueryPanel>
    </section>
  )
}
