/** Candidate operations: dragged onto the timeline, or added by double click or Enter. */
import clsx from 'clsx'
import { useState } from 'react'
import { Button } from '@/ui/Button'
import { Card } from '@/ui/Card'
import { TextField } from '@/ui/Field'
import { Empty, Failed, Loading } from '@/ui/PanelState'
import { announce } from '../canvas/announce'
import type { Operation } from '../store/operation'
import { activeDocument, useRouting } from '../store/routingStore'
import { routingText, useRoutingText } from '../texts'
import { CandidateBlock } from './CandidateBlock'
import { matches, useCandidates, usePlantCandidates } from './useCandidates'

/** After the selected operation, or at the end. */
export function addCandidate(operation: Operation) {
  const state = useRouting.getState()
  const operations = activeDocument(state)?.operations.present
  if (!operations) return
  const selected = operations.findIndex((other) => other.id === state.selectedId)
  const position = selected === -1 ? operations.length : selected + 1
  state.insert(operation, position)
  announce(
    routingText('inserted', { name: `${operation.code} ${operation.name}`.trim(), position: position + 1 }),
  )
}

export function CandidatePanel() {
  const t = useRoutingText()
  const [filter, setFilter] = useState('')
  const [whole, setWhole] = useState(false)
  const near = useCandidates()
  const plant = usePlantCandidates(whole)
  const { candidates, neighbours } = whole ? plant : near
  const shown = candidates.filter(({ operation }) => matches(operation, filter))

  return (
    <Card
      title={t('candidates')}
      description={t('candidatesAbout')}
      actions={
        <span className="font-semibold text-accent-ink tabular-nums" aria-label={t('candidates')}>
          {shown.length}
        </span>
      }
    >
      <div role="group" aria-label={t('candidatesOf')} className="mb-2 flex gap-1">
        {[false, true].map((all) => (
          <button
            key={String(all)}
            type="button"
            aria-pressed={whole === all}
            onClick={() => setWhole(all)}
            className={clsx(
              'rounded-full border px-2.5 py-1 text-[0.84rem]',
              whole === all
                ? 'border-accent-strong bg-accent-soft font-semibold text-heading'
                : 'border-line-strong bg-field hover:bg-accent-soft',
            )}
          >
            {t(all ? 'candidatesAll' : 'candidatesNear')}
          </button>
        ))}
      </div>
      <TextField
        label={t('candidateFilter')}
        hideLabel
        type="search"
        placeholder={t('candidateFilter')}
        value={filter}
        onChange={(event) => setFilter(event.target.value)}
        className="mb-3"
      />
      {candidates.length === 0 ? (
        neighbours.isError ? (
          <Failed error={neighbours.error} onRetry={() => void neighbours.refetch()} />
        ) : neighbours.isFetching ? (
          <Loading rows={5} />
        ) : (
          <Empty title={t('candidatesEmpty')} hint={t('candidatesEmptyHint')} />
        )
      ) : shown.length === 0 ? (
        <Empty
          title={t('candidatesNoMatch')}
          action={
            <Button size="sm" onClick={() => setFilter('')}>
              {t('clearFilter')}
            </Button>
          }
        />
      ) : (
        <ul className="grid max-h-[34rem] gap-2 overflow-y-auto p-0.5 sm:grid-cols-2 md:grid-cols-3 xl:grid-cols-1">
          {shown.map(({ operation, routings }) => (
            <CandidateBlock key={operation.id} operation={operation} routings={routings} whole={whole} />
          ))}
        </ul>
      )}
    </Card>
  )
}
