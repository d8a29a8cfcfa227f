/** Weights of the item features for the predictions of this screen. */
import { RotateCcw } from 'lucide-react'
import { useState } from 'react'
import { featuresOf, useModelFeatures } from '@/api/features'
import { Button } from '@/ui/Button'
import { Card } from '@/ui/Card'
import { Failed, Loading } from '@/ui/PanelState'
import { SliderField } from '@/ui/Field'
import { formatNumber } from '@/i18n/format'
import { useRouting } from '../store/routingStore'
import { useRoutingText } from '../texts'
import { featureLabel, weightProfileLabel } from '@/api/plant'
import { KNOWN_PROFILES } from './profiles'

const KNOWN: readonly string[] = KNOWN_PROFILES
const MOST_SHOWN = 8

function useFeatures() {
  const prediction = useRouting((state) => state.prediction)
  const stored = useModelFeatures()
  const fromPrediction = featuresOf(
    (prediction?.metrics as { feature_weights?: unknown } | undefined)?.feature_weights,
  )
  return { features: stored.data ?? fromPrediction, query: stored }
}

export function FeatureWeights() {
  const t = useRoutingText()
  const inputs = useRouting((state) => state.inputs)
  const setInputs = useRouting((state) => state.setInputs)
  const { features, query } = useFeatures()
  const profiles = [...new Set([...KNOWN, ...(features?.profiles ?? [])])].filter((name) => name !== 'custom')

  const about = (name: string) => (name === 'default' ? t('profile.default') : weightProfileLabel(name))

  return (
    <Card
      title={t('weights')}
      description={t('weightsAbout')}
      actions={
        <Button
          size="sm"
          icon={RotateCcw}
          onClick={() => setInputs({ weightProfile: 'default', customWeights: {} })}
        >
          {t('weightsReset')}
        </Button>
      }
    >
      <div role="group" aria-label={t('weightProfile')} className="grid gap-2 sm:grid-cols-2">
        {[...profiles, 'custom'].map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={inputs.weightProfile === name}
            onClick={() => setInputs({ weightProfile: name })}
            className="tile px-3 py-2 text-left hover:border-accent-strong"
          >
            <span className="block font-semibold text-heading">{name === 'custom' ? t('custom') : name}</span>
            <span className="block text-[0.82rem] text-muted">
              {name === 'custom' ? t('profile.custom') : about(name)}
            </span>
          </button>
        ))}
      </div>
      {inputs.weightProfile === 'custom' &&
        (features ? (
          <WeightSliders weights={features.weights} active={features.active_features} />
        ) : query.isError ? (
          <Failed error={query.error} onRetry={() => void query.refetch()} />
        ) : (
          <Loading />
        ))}
    </Card>
  )
}

function WeightSliders({
  weights,
  active,
}: {
  weights: Record<string, number>
  active: Record<string, boolean>
}) {
  const t = useRoutingText()
  const [all, setAll] = useState(false)
  const custom = useRouting((state) => state.inputs.customWeights)
  const setInputs = useRouting((state) => state.setInputs)
  const names = Object.keys(weights)
    .filter((name) => active[name] !== false)
    .sort((first, second) => (weights[second] ?? 0) - (weights[first] ?? 0))
  const shown = all ? names : names.slice(0, MOST_SHOWN)
  return (
    <section className="mt-4" aria-label={t('weightDetail')}>
      <h3 className="text-[0.95rem]">{t('weightDetail')}</h3>
      <p className="mb-2 text-[0.84rem] text-muted">{t('weightDetailHint')}</p>
      <div className="grid gap-x-6 gap-y-1 md:grid-cols-2">
        {shown.map((name) => {
          const value = custom[name] ?? 1
          return (
            <SliderField
              key={name}
              label={`${featureLabel(name)} (${formatNumber(weights[name], 2)})`}
              min={0}
              max={3}
              step={0.05}
              value={value}
              display={value.toFixed(2)}
              onChange={(next) => setInputs({ customWeights: { ...custom, [name]: next } })}
            />
          )
        })}
      </div>
      {names.length > MOST_SHOWN && (
        <Button size="sm" variant="ghost" onClick={() => setAll(!all)}>
          {all ? t('weightLess') : t('weightMore', { count: names.length })}
        </Button>
      )}
    </section>
  )
}
