/** Offers unsaved work of a browser tab that was lost. */
import { History } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Button } from '@/ui/Button'
import { formatTime } from '@/i18n/format'
import { discardLostDraft, fromDraft, keepDraft } from './store/draft'
import { followCanvas } from './store/trail'
import { useRouting } from './store/routingStore'
import { useRoutingText } from './texts'

export function LostDraftNotice() {
  const t = useRoutingText()
  const [lost, setLost] = useState<ReturnType<typeof keepDraft>>(null)
  useEffect(() => {
    const found = keepDraft()
    followCanvas()
    if (found) setLost(found)
  }, [])
  if (!lost) return null
  const changed = lost.documents.filter((document) => document.baseline)
  return (
    <div role="status" className="card mb-5 flex flex-wrap items-center gap-3 px-5 py-3">
      <History className="size-5 text-accent-ink" aria-hidden />
      <div className="min-w-0 flex-1">
        <div className="font-semibold text-heading">{t('lostTitle')}</div>
        <div className="text-[0.88rem] text-muted">
          {t('lostText', { time: formatTime(lost.savedAt / 1000), count: changed.length })}
        </div>
      </div>
      <Button
        variant="primary"
        onClick={() => {
          useRouting.getState().restore(fromDraft(lost))
          discardLostDraft()
          setLost(null)
        }}
      >
        {t('lostRestore')}
      </Button>
      <Button
        onClick={() => {
          discardLostDraft()
          setLost(null)
        }}
      >
        {t('lostDiscard')}
      </Button>
    </div>
  )
}
