/** The weights of a prediction: as trained, the sliders', or a profile of the plant, which the server knows for every version. */

export const KNOWN_PROFILES = ['default', 'geometry-focus', 'operation-history'] as const

interface WeightChoice {
  weightProfile: string
  customWeights: Record<string, number>
}

export interface WeightFields {
  weight_profile?: string
  feature_weights?: Record<string, number>
}

/** What a prediction is asked with for the chosen profile. */
export function weightsOf({ weightProfile, customWeights }: WeightChoice): WeightFields {
  if (weightProfile === 'default') return {}
  if (weightProfile === 'custom') return { feature_weights: customWeights }
  return { weight_profile: weightProfile }
}
