/** What happens with a version that a training has made: when it becomes active, and which old ones are kept. */
import { Card } from '@/ui/Card'
import { CheckField, SelectField } from '@/ui/Field'
import { NumberField } from '@/ui/NumberField'
import { useOptionsText } from './texts'
import type { SettingsDraft } from './useSettingsDraft'

const POLICIES = ['never', 'when_gate_passes', 'always'] as const

export function TrainingPanel({ draft, readOnly }: { draft: SettingsDraft; readOnly: boolean }) {
  const t = useOptionsText()
  const policy = draft.value<(typeof POLICIES)[number]>('training', 'activation_policy') ?? 'never'
  const number = (key: string) => ({
    value: draft.value<number>('training', key),
    onChange: (value: number | null) => draft.set('training', { [key]: value }),
  })
  return (
    <Card title={t('afterTraining')} description={t('afterTrainingAbout')}>
      <fieldset
        disabled={readOnly}
        className="grid items-start gap-4 sm:grid-cols-2 lg:grid-cols-3 2xl:grid-cols-6"
      >
        <SelectField
          label={t('policy')}
          hint={t(`policy.${policy}.about`)}
          value={policy}
          options={POLICIES.map((name) => ({ value: name, label: t(`policy.${name}`) }))}
          onChange={(event) => draft.set('training', { activation_policy: event.target.value })}
        />
        <NumberField
          label={t('gateRecall')}
          percent
          min={0}
          max={100}
          disabled={policy !== 'when_gate_passes'}
          {...number('gate_recall_margin')}
        />
        <NumberField
          label={t('gateQuality')}
          percent
          min={0}
          max={100}
          disabled={policy !== 'when_gate_passes'}
          {...number('gate_quality_margin')}
        />
        <NumberField label={t('keepVersions')} min={1} max={1000} digits={0} {...number('keep_versions')} />
        <NumberField label={t('keepGood')} min={1} max={100} digits={0} {...number('keep_good_versions')} />
        <CheckField
          label={t('retention')}
          checked={draft.value<boolean>('training', 'retention_after_training') ?? true}
          onChange={(event) => draft.set('training', { retention_after_training: event.target.checked })}
        />
      </fieldset>
    </Card>
  )
}
