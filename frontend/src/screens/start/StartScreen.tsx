/** 시작하기: which plant serves, the examples to try, and the way to one's own data. Administrators only. */
import { Factory, FlaskConical, Undo2 } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useSnapshot } from '@/api/operations'
import { DEMO, OWN, plantServes, usePlantChoices, useServePlant, wordsOf } from '@/api/plantChoices'
import { useTrainingStatus } from '@/api/training'
import type { PlantChoice } from '@/api/types'
import { TrainingProgress } from '@/blueprint/TrainingProgress'
import { Button } from '@/ui/Button'
import { Badge, Card } from '@/ui/Card'
import { Failed, QueryPanel } from '@/ui/PanelState'
import { ReadingBar } from '@/ui/ReadingBar'
import { TextLink } from '@/ui/TextLink'
import { useStartText } from './texts'

function useWords() {
  const t = useStartText()
  return (choice: PlantChoice) => {
    const words = wordsOf(choice)
    if (choice.name === OWN) return { label: t('own'), about: t('ownAbout', { path: choice.path }) }
    if (choice.name === DEMO) return { label: `${t('demo')} · ${words.label}`, about: t('demoAbout') }
    return words
  }
}

export default function StartScreen() {
  const t = useStartText()
  const words = useWords()
  const training = useTrainingStatus()
  const runs = training.data?.status === 'running'
  const choices = usePlantChoices(true, runs)
  const serve = useServePlant()
  const wanted = choices.data?.items.find((one) => one.name === serve.variables)
  const trained = serve.data?.training ?? null
  const ended = trained !== null && training.data?.job_id === trained.job_id && !runs
  const serving = choices.data?.items.find((one) => one.serving)

  // What serves changes when a training ends, whoever has started it.
  const before = useRef(runs)
  useEffect(() => {
    if (before.current && !runs) plantServes()
    before.current = runs
  }, [runs])

  return (
    <div className="flex flex-col gap-5">
      <Card title={t('title')} description={t('about')}>
        {choices.data?.fixed && <p className="mb-3 text-warn">{t('fixed')}</p>}
        <QueryPanel query={choices} rows={5}>
          {(data) => (
            <ul className="grid gap-4 md:grid-cols-2 xl:grid-cols-3">
              {data.items.map((choice) => (
                <Choice
                  key={choice.name}
                  choice={choice}
                  words={words(choice)}
                  byApi={data.training_by_api}
                  busy={serve.isPending && serve.variables === choice.name}
                  disabled={serve.isPending || runs || data.fixed}
                  onServe={() => serve.mutate(choice.name)}
                />
              ))}
            </ul>
          )}
        </QueryPanel>
        <div role="status" aria-live="polite" className="mt-4 flex flex-col gap-2">
          {serve.isPending && wanted && <p>{t('changing', { plant: words(wanted).label })}</p>}
          {trained && runs && wanted && <p>{t('training', { plant: words(wanted).label })}</p>}
          {(runs || ended) && training.data && <TrainingProgress status={training.data} />}
          {ended && training.data?.status === 'failed' && <p className="text-bad">{t('failed')}</p>}
          {serving && serving.name === serve.variables && !serve.isPending && !runs && (
            <Done label={words(serving).label} path={serving.path} />
          )}
        </div>
        {serve.isError && <Failed error={serve.error} />}
      </Card>
      <OwnData />
    </div>
  )
}

interface ChoiceProps {
  choice: PlantChoice
  words: { label: string; about: string }
  byApi: boolean
  busy: boolean
  disabled: boolean
  onServe: () => void
}

function Choice({ choice, words, byApi, busy, disabled, onServe }: ChoiceProps) {
  const t = useStartText()
  const Icon = choice.name === OWN ? Factory : FlaskConical
  const ready = choice.version_name != null
  const action = choice.name === OWN ? 'back' : ready ? 'try' : 'trainAndTry'
  return (
    <li className="tile flex min-w-0 flex-col gap-2 p-4">
      <div className="flex flex-wrap items-center gap-2">
        <Icon className="size-5 text-accent-ink" aria-hidden />
        <h3 className="text-[1rem]">{words.label}</h3>
        {choice.serving && ready && <Badge tone="good">{t('serving')}</Badge>}
      </div>
      <p className="text-[0.9rem] break-words">{words.about}</p>
      <p className="grow text-[0.84rem] break-words text-muted">
        {choice.version_name != null
          ? t(choice.serving ? 'servedBy' : 'trained', { version: choice.version_name })
          : t('untrained')}
      </p>
      {!ready && !byApi && (
        <p className="text-[0.84rem] break-words text-muted">
          {t('cannotTrain', { command: `train_build_index.py --plant ${choice.name} --activate` })}
        </p>
      )}
      {!(choice.serving && ready) && (
        <Button
          variant={choice.name === OWN ? 'secondary' : 'primary'}
          icon={choice.name === OWN ? Undo2 : FlaskConical}
          busy={busy}
          disabled={disabled || (!ready && !byApi)}
          aria-label={`${words.label}: ${t(action)}`}
          onClick={onServe}
        >
          {t(action)}
        </Button>
      )}
    </li>
  )
}

function Done({ label, path }: { label: string; path: string }) {
  const t = useStartText()
  const [waiting, setWaiting] = useState(true)
  const snapshot = useSnapshot(waiting)
  const read = snapshot.data?.source === path
  useEffect(() => setWaiting(!read), [read])
  return (
    <div className="tile border-good/50 p-3">
      <p className="font-medium text-heading">{t('done', { plant: label })}</p>
      {read ? (
        <p className="mt-1 flex flex-wrap gap-4">
          <TextLink href="/master-data">{t('lookUp')}</TextLink>
          <TextLink href="/routing">{t('predict')}</TextLink>
        </p>
      ) : (
        <>
          <p className="text-[0.88rem] text-muted">{t('reading')}</p>
          <ReadingBar reading={snapshot.data?.reading} share={snapshot.data?.reading_share} />
        </>
      )}
    </div>
  )
}

function OwnData() {
  const t = useStartText()
  return (
    <Card title={t('yours')} description={t('yoursAbout')}>
      <p className="text-[0.92rem]">{t('yoursSteps')}</p>
      <p className="mt-2">
        <TextLink href="/start/own">{t('toGuide')}</TextLink>
      </p>
      <p className="mt-3 text-[0.88rem] text-muted">{t('yoursCommand')}</p>
      <code className="mt-1 block rounded-xl bg-field px-3 py-2 text-[0.84rem] break-all">
        routing-ml up --data FILE [--profile PROFILE.json]
      </code>
    </Card>
  )
}
