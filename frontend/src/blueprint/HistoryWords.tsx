/** Who did something to a version, and why: the words of a person, or for whom a service did it. */
import type { HistoryEntry } from '@/api/training'
import { actor } from '@/i18n/actors'
import { useTrainingWords } from '@/i18n/trainingWords'

export function HistoryWords({ entry }: { entry: HistoryEntry }) {
  const words = useTrainingWords()
  const service = entry.actor.startsWith('service:')
  const why = entry.requested_by
    ? `${words('requester')} ${actor(entry.requested_by)}`
    : service && entry.action === 'activated'
      ? words('after_training')
      : entry.reason
  return (
    <>
      {actor(entry.actor)}
      {why && ` · ${why}`}
    </>
  )
}
