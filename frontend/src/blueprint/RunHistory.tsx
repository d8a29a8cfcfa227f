/** What was trained and activated, newest first. */
import { useTrainingStatus, useVersionHistory } from '@/api/training'
import { Badge, Card } from '@/ui/Card'
import { Empty, QueryPanel } from '@/ui/PanelState'
import { formatTime } from '@/i18n/format'
import { HistoryWords } from './HistoryWords'
import { useTrainingWords } from '@/i18n/trainingWords'
import { TrainingProgress } from './TrainingProgress'
import { useBlueprintText } from './texts'

export function RunHistory() {
  const t = useBlueprintText()
  const words = useTrainingWords()
  const status = useTrainingStatus()
  const history = useVersionHistory(20)
  return (
    <Card title={t('history')} description={t('historyAbout')}>
      {status.data && status.data.status !== 'idle' && (
        <div className="mb-3">
          <TrainingProgress status={status.data} />
        </div>
      )}
      <QueryPanel
        query={history}
        isEmpty={(data) => data.length === 0}
        empty={<Empty title={t('historyEmpty')} />}
      >
        {(data) => (
          <ul className="flex max-h-80 flex-col gap-1.5 overflow-y-auto text-[0.9rem]">
            {data.map((entry, index) => (
              <li key={index} className="flex flex-wrap items-center gap-2">
                <b className="text-heading tabular-nums">{formatTime(entry.at)}</b>
                <Badge
                  tone={entry.action === 'refused' ? 'bad' : entry.action === 'activated' ? 'good' : 'plain'}
                >
                  {words(entry.action)}
                </Badge>
                <span>{entry.version_name}</span>
                <span className="text-muted">
                  <HistoryWords entry={entry} />
                </span>
              </li>
            ))}
          </ul>
        )}
      </QueryPanel>
    </Card>
  )
}
