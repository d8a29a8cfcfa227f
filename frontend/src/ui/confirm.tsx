/** Asks a question in a dialog and resolves to the chosen answer, or null when it is dismissed. */
import { create } from 'zustand'
import { Button } from './Button'
import { Dialog } from './Dialog'
import { useCommonText } from '@/i18n/common'

export interface Question {
  title: string
  text: string
  choices: readonly { value: string; label: string; danger?: boolean }[]
}

interface QuestionState {
  question: Question | null
  answer: ((value: string | null) => void) | null
}

const useQuestion = create<QuestionState>(() => ({ question: null, answer: null }))

export function ask(question: Question): Promise<string | null> {
  useQuestion.getState().answer?.(null)
  return new Promise((resolve) => {
    useQuestion.setState({ question, answer: resolve })
  })
}

function settle(value: string | null) {
  const { answer } = useQuestion.getState()
  useQuestion.setState({ question: null, answer: null })
  answer?.(value)
}

export function QuestionDialog() {
  const question = useQuestion((state) => state.question)
  const t = useCommonText()
  return (
    <Dialog
      open={question !== null}
      onClose={() => settle(null)}
      title={question?.title ?? ''}
      footer={
        <>
          <Button onClick={() => settle(null)}>{t('cancel')}</Button>
          {question?.choices.map((choice) => (
            <Button
              key={choice.value}
              variant={choice.danger ? 'danger' : 'primary'}
              onClick={() => settle(choice.value)}
            >
              {choice.label}
            </Button>
          ))}
        </>
      }
    >
      <p className="whitespace-pre-line">{question?.text}</p>
    </Dialog>
  )
}
