/** Step 2: what the data leave open. Each answer makes a new draft. */
import { CircleHelp, Undo2 } from 'lucide-react'
import { useSuggestion, type Answers, type Suggestion, type SuggestionQuestion } from '@/api/suggestion'
import { Badge } from '@/ui/Card'
import { Button } from '@/ui/Button'
import { SelectField } from '@/ui/Field'
import { Failed } from '@/ui/PanelState'
import { showDraft, useGuide } from './guideStore'
import { Step } from './Step'
import { useGuideText } from './texts'

/** Topics whose answer may be any column of the operations table. */
const OF_COLUMNS = ['item', 'sequence', 'operation', 'time']
/** What is taken until somebody answers, for questions whose answers are neither tables nor columns. */
const CHOICES: Record<string, string | undefined> = {
  time_unit: 'MIN',
  date_order: 'MDY',
  decimal_sign: 'POINT',
  duration: 'H_MM',
}

export function QuestionsStep({ suggestion }: { suggestion: Suggestion }) {
  const t = useGuideText()
  const { path, answers } = useGuide()
  const redo = useSuggestion()
  // Columns are answered for the table that the draft takes.
  const draftWith = (changed: Answers) =>
    redo.mutate(
      {
        path,
        answers:
          Object.keys(changed).length > 0
            ? { operations_table: suggestion.operations_table, ...changed }
            : changed,
      },
      { onSuccess: (found) => showDraft(path, changed, found) },
    )
  const answered = Object.keys(answers)
  return (
    <Step
      number={2}
      title={t('questions')}
      about={t('questionsAbout')}
      done={suggestion.questions.length === 0}
    >
      {suggestion.questions.length === 0 && <p role="status">{t('noQuestions')}</p>}
      <ul className="flex flex-col gap-3">
        {suggestion.questions.map((question) => (
          <li key={question.topic}>
            <QuestionCard
              question={question}
              suggestion={suggestion}
              busy={redo.isPending}
              onAnswer={(chosen) => draftWith({ ...answers, [question.topic]: chosen })}
            />
          </li>
        ))}
      </ul>
      {redo.isError && <Failed error={redo.error} />}
      {answered.length > 0 && (
        <div className="mt-3 flex flex-wrap items-center gap-2 text-[0.88rem] text-muted">
          {answered.map((topic) => (
            <Badge key={topic} tone="good">
              {t(`topic.${topic}` as 'topic.item')}:{' '}
              {topic in CHOICES
                ? t(`choice.${answers[topic]}` as 'choice.MIN')
                : answers[topic] || t('soBeIt')}
            </Badge>
          ))}
          <Button size="sm" icon={Undo2} busy={redo.isPending} onClick={() => draftWith({})}>
            {t('askAgain')}
          </Button>
        </div>
      )}
    </Step>
  )
}

interface QuestionCardProps {
  question: SuggestionQuestion
  suggestion: Suggestion
  busy: boolean
  onAnswer: (chosen: string) => void
}

function QuestionCard({ question, suggestion, busy, onAnswer }: QuestionCardProps) {
  const t = useGuideText()
  const { topic, table, taken, candidates } = question
  const asked = t(`ask.${topic}` as 'ask.item', { table, taken })
  const others = OF_COLUMNS.includes(topic)
    ? suggestion.columns.filter((name) => name !== taken && !candidates.includes(name))
    : topic === 'no_time'
      ? suggestion.columns
      : []
  const usual = CHOICES[topic]
  const confirmed = usual ?? (topic === 'no_items' || topic === 'no_time' ? '' : taken)
  return (
    <fieldset className="tile border-warn/50 p-3" disabled={busy}>
      <legend className="sr-only">{asked}</legend>
      <p className="mb-2 flex items-start gap-2 font-medium text-heading">
        <CircleHelp className="mt-0.5 size-5 shrink-0 text-warn" aria-hidden />
        {asked}
      </p>
      <div className="flex flex-wrap items-end gap-2">
        <Button variant="primary" size="sm" onClick={() => onAnswer(confirmed)}>
          {topic === 'no_items' || topic === 'no_time'
            ? t(`confirm.${topic}`)
            : t('confirm', { taken: usual ? t(`choice.${usual}` as 'choice.MIN') : taken })}
        </Button>
        {candidates.map((name) => (
          <Button key={name} size="sm" onClick={() => onAnswer(name)}>
            {usual ? t(`choice.${name}` as 'choice.MIN') : name}
          </Button>
        ))}
        {others.length > 0 && (
          <SelectField
            label={t('otherColumn')}
            value=""
            options={['', ...others].map((name) => ({ value: name, label: name || '–' }))}
            onChange={(event) => {
              if (event.target.value) onAnswer(event.target.value)
            }}
          />
        )}
      </div>
    </fieldset>
  )
}
