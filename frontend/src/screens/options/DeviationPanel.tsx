/** Standard deviation options: how times are profiled and outliers dropped. */
import { Card } from '@/ui/Card'
import { CheckField } from '@/ui/Field'
import { NumberField } from '@/ui/NumberField'
import { useOptionsText } from './texts'
import type { SettingsDraft } from './useSettingsDraft'

const STRATEGIES = ['z_score', 'trimmed_std', 'sigma_profile'] as const

export function DeviationPanel({ draft, readOnly }: { draft: SettingsDraft; readOnly: boolean }) {
  const t = useOptionsText()
  const strategy = draft.value<string>('trainer', 'time_profile_strategy')
  const lower = draft.value<number>('trainer', 'trim_lower_percent') ?? 0
  const upper = draft.value<number>('trainer', 'trim_upper_percent') ?? 1
  const trim = draft.value<boolean>('trainer', 'trim_std_enabled') ?? false
  /** Training and prediction trim alike. */
  const setBoth = (values: Record<string, unknown>) => {
    draft.set('trainer', values)
    draft.set('predictor', values)
  }

  return (
    <Card title={t('deviation')} description={t('deviationAbout')}>
      <div role="radiogroup" aria-label={t('deviation')} className="grid gap-3 md:grid-cols-3">
        {STRATEGIES.map((name) => (
          <label key={name} className="tile block cursor-pointer p-3" data-selected={strategy === name}>
            <input
              type="radio"
              name="strategy"
              className="size-4 accent-fill"
              checked={strategy === name}
              disabled={readOnly}
              onChange={() => draft.set('trainer', { time_profile_strategy: name })}
            />
            <span className="mt-1 block font-semibold text-heading">{t(`strategy.${name}`)}</span>
            <span className="block text-[0.86rem] text-muted">{t(`strategy.${name}.about`)}</span>
          </label>
        ))}
      </div>
      <fieldset
        disabled={readOnly}
        className="mt-4 grid items-start gap-4 sm:grid-cols-2 lg:grid-cols-3 2xl:grid-cols-6"
      >
        <CheckField
          label={t('trim')}
          checked={trim}
          onChange={(event) => setBoth({ trim_std_enabled: event.target.checked })}
        />
        <CheckField
          label={t('timeProfiles')}
          checked={draft.value<boolean>('trainer', 'time_profiles_enabled') ?? false}
          onChange={(event) => draft.set('trainer', { time_profiles_enabled: event.target.checked })}
        />
        <NumberField
          label={t('trimLower')}
          percent
          min={0}
          max={100}
          value={lower}
          error={lower >= upper ? t('trimWrong') : undefined}
          onChange={(value) => setBoth({ trim_lower_percent: value })}
        />
        <NumberField
          label={t('trimUpper')}
          percent
          min={0}
          max={100}
          value={upper}
          onChange={(value) => setBoth({ trim_upper_percent: value })}
        />
        <NumberField
          label={t('optimalSigma')}
          min={0}
          max={100}
          value={draft.value<number>('trainer', 'time_profile_optimal_sigma')}
          onChange={(value) => draft.set('trainer', { time_profile_optimal_sigma: value })}
        />
        <NumberField
          label={t('safeSigma')}
          min={0}
          max={100}
          value={draft.value<number>('trainer', 'time_profile_safe_sigma')}
          onChange={(value) => draft.set('trainer', { time_profile_safe_sigma: value })}
        />
      </fieldset>
    </Card>
  )
}
