/** What is saved and what is not, with the buttons that save; always in sight. */
import { CheckCheck, CircleDot, Save } from 'lucide-react'
import { useSession } from '@/session/session'
import { Button } from '@/ui/Button'
import { saveMany, saveOne, useSavingState } from '../groups/useSaving'
import { isDirty } from '../store/routingDocument'
import { activeDocument, useRouting } from '../store/routingStore'
import { reviewedCodes, stateOf } from '../store/work'
import { useRoutingText } from '../texts'

export function SaveBar() {
  const t = useRoutingText()
  const document = useRouting(activeDocument)
  const documents = useRouting((state) => state.documents)
  const work = useRouting((state) => state.work)
  const activeCode = useRouting((state) => state.activeCode)
  const { busy, progress, failures } = useSavingState()
  const expired = useSession((session) => session.state === 'expired')
  if (work.codes.length === 0) return null
  const reviewed = reviewedCodes(documents, work)
  const dirty = document !== null && isDirty(document)
  const state = activeCode === null ? 'open' : stateOf(document, work, activeCode)

  return (
    <section
      aria-label={t('saveBar')}
      data-save-bar=""
      className="card sticky bottom-3 z-20 mt-5 flex flex-wrap items-center justify-between gap-x-4 gap-y-2 bg-[oklch(0.95_0.025_228)] px-5 py-1.5"
    >
      <div role="status" className="flex min-w-0 flex-wrap items-center gap-x-3">
        <b className="max-w-72 truncate text-heading">
          <bdi>{activeCode ?? '–'}</bdi>
        </b>
        <span className="inline-flex items-center gap-1.5" data-testid="unsaved-mark">
          <CircleDot className={dirty ? 'size-4 text-fill' : 'size-4 text-muted'} aria-hidden />
          {t(dirty ? 'unsaved' : 'saved')} · {t(`state.${state}`)}
        </span>
        <span className="text-muted tabular-nums">
          {progress
            ? t(expired ? 'savingWaits' : 'savingMany', { done: progress.done, all: progress.all })
            : t('reviewedOf', { count: reviewed.length, all: work.codes.length })}
        </span>
      </div>
      <div className="flex flex-wrap gap-2">
        <Button
          size="sm"
          icon={Save}
          disabled={!document || busy}
          onClick={() => void saveOne(document, 'server')}
        >
          {t('saveThis')}
        </Button>
        <Button
          variant="primary"
          size="sm"
          icon={CheckCheck}
          busy={busy && progress !== null}
          disabled={reviewed.length === 0 || busy}
          onClick={() => void saveMany(reviewed)}
        >
          {t('saveReviewed', { count: reviewed.length })}
        </Button>
      </div>
      {failures.length > 0 && (
        <div
          role="alert"
          className="max-h-28 w-full overflow-y-auto rounded-xl bg-bad-soft px-3 py-1.5 text-[0.86rem]"
        >
          <p className="font-semibold text-bad">{t('notSaved', { count: failures.length })}</p>
          <ul>
            {failures.map(({ code, reason }) => (
              <li key={code}>
                <button
                  type="button"
                  className="font-semibold text-accent-ink underline"
                  onClick={() => useRouting.getState().activateItem(code)}
                >
                  {code}
                </button>{' '}
                {reason}
              </li>
            ))}
          </ul>
          <Button size="sm" className="mt-1" onClick={() => useSavingState.setState({ failures: [] })}>
            {t('understood')}
          </Button>
        </div>
      )}
    </section>
  )
}
