import { expect, test } from 'vitest'
import { weightsOf } from './profiles'

const features = (profiles: string[]) => ({
  weights: { OUTDIAMETER: 2, GROUP2: 12, ITEM_MATERIAL: 7 },
  active_features: { OUTDIAMETER: true, GROUP2: true, ITEM_MATERIAL: true },
  profiles,
})
const choice = (weightProfile: string) => ({ weightProfile, customWeights: { GROUP2: 0.5 } })

test('as trained asks for nothing, and sliders for their multiples', () => {
  expect(weightsOf(choice('default'), features([]))).toEqual({})
  expect(weightsOf(choice('custom'), features([]))).toEqual({ feature_weights: { GROUP2: 0.5 } })
})

test('a profile that the model stores is asked for by its name', () => {
  const stored = features(['default', 'geometry-focus', 'plant'])
  expect(weightsOf(choice('geometry-focus'), stored)).toEqual({ weight_profile: 'geometry-focus' })
  expect(weightsOf(choice('plant'), stored)).toEqual({ weight_profile: 'plant' })
})

test('a model without stored profiles still takes the two that planners know', () => {
  expect(weightsOf(choice('geometry-focus'), features(['default']))).toEqual({
    feature_weights: { OUTDIAMETER: 2.5 },
  })
  expect(weightsOf(choice('operation-history'), features(['default']))).toEqual({
    feature_weights: { OUTDIAMETER: 0.25, GROUP2: 0.5, ITEM_MATERIAL: 0.5 },
  })
})
