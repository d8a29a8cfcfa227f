/** How the current or last training goes. */
import { useEffect, useState } from 'react'
import type { TrainingState } from '@/api/training'
import { Badge } from '@/ui/Card'
import { formatSeconds, formatTime } from '@/i18n/format'
import { actor } from '@/i18n/actors'
import { noticeText } from '@/i18n/notices'
import { useTrainingWords } from '@/i18n/trainingWords'
import { useBlueprintText } from './texts'

export function toneOf(status: string): 'good' | 'bad' | 'accent' | 'warn' | 'plain' {
  return (
    ({ completed: 'good', failed: 'bad', running: 'accent', skipped: 'warn' } as const)[status] ?? 'plain'
  )
}

/** How long it has run, by this browser's clock, every second. */
function Elapsed({ since }: { since: string | null | undefined }) {
  const t = useBlueprintText()
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  const started = since ? Date.parse(since) : Number.NaN
  if (!Number.isFinite(started)) return null
  const seconds = Math.max(0, Math.floor((now - started) / 1000))
  return <> · {t('elapsed', { time: formatSeconds(seconds) })}</>
}

export function TrainingProgress({ status }: { status: TrainingState }) {
  const t = useBlueprintText()
  const words = useTrainingWords()
  const running = status.status === 'running'
  return (
    <div className="tile p-3">
      <div className="flex flex-wrap items-center gap-2">
        <Badge tone={toneOf(status.status)}>{words(status.status)}</Badge>
        {status.stage && <span className="font-medium text-heading">{words(status.stage)}</span>}
        {status.requested_by && (
          <span className="text-[0.86rem] text-muted">{actor(status.requested_by)}</span>
        )}
        <span className="ml-auto text-[0.86rem] text-muted">
          {formatTime(status.finished_at ?? status.started_at)}
        </span>
      </div>
      {running && (
        <>
          <progress
            className="mt-2 h-2.5 w-full accent-fill"
            max={100}
            value={status.progress}
            aria-label={t('progress')}
          />
          <div className="flex justify-between text-[0.84rem] text-muted">
            <span>
              {status.progress}%<Elapsed since={status.started_at} />
            </span>
            <span>
              {status.remaining_seconds != null && status.remaining_seconds >= 0
                ? t('remaining', { time: formatSeconds(status.remaining_seconds) })
                : t('remainingUnknown')}
            </span>
          </div>
        </>
      )}
      {status.message && (
        <p className="mt-1 text-[0.9rem] break-words">{noticeText(status.message, status.message_notice)}</p>
      )}
      {status.version_path && (
        <p className="mt-1 font-mono text-[0.8rem] break-all text-muted">{status.version_path}</p>
      )}
    </div>
  )
}
