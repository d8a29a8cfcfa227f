/** The weight profiles that planners know, for models that do not store profiles of these names. */
import type { ModelFeatures } from '@/api/features'

/** Features of size and shape. */
const GEOMETRY = [
  'ITEM_SPEC',
  'OUTDIAMETER',
  'INDIAMETER',
  'OUTTHICKNESS',
  'ROTATE_CLOCKWISE',
  'ROTATE_CTRCLOCKWISE',
  'IN_SEALSIZE',
  'MID_SEALSIZE',
  'OUT_SEALSIZE',
]

export const KNOWN_PROFILES = ['default', 'geometry-focus', 'operation-history'] as const

interface WeightChoice {
  weightProfile: string
  customWeights: Record<string, number>
}

export interface WeightFields {
  weight_profile?: string
  feature_weights?: Record<string, number>
}

/**
 * What a prediction is asked with for the chosen profile: the model's own where it stores one of that name, else multiples of the
 * trained weights. Operation history means that features weigh less, so that what was learned from routings and times decides.
 */
export function weightsOf(
  { weightProfile, customWeights }: WeightChoice,
  features: ModelFeatures | null | undefined,
): WeightFields {
  if (weightProfile === 'default') return {}
  if (weightProfile === 'custom') return { feature_weights: customWeights }
  if (!features || features.profiles.includes(weightProfile)) return { weight_profile: weightProfile }
  const names = Object.keys(features.weights)
  const geometry = names.filter((name) => GEOMETRY.includes(name))
  if (weightProfile === 'geometry-focus')
    return { feature_weights: Object.fromEntries(geometry.map((name) => [name, 2.5])) }
  if (weightProfile === 'operation-history')
    return {
      feature_weights: Object.fromEntries(names.map((name) => [name, geometry.includes(name) ? 0.25 : 0.5])),
    }
  return { weight_profile: weightProfile }
}
