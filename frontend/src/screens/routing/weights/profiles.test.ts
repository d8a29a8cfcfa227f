import { expect, test } from 'vitest'
import { weightsOf } from './profiles'

const choice = (weightProfile: string) => ({ weightProfile, customWeights: { GROUP2: 0.5 } })

test('as trained asks for nothing, and sliders for their multiples', () => {
  expect(weightsOf(choice('default'))).toEqual({})
  expect(weightsOf(choice('custom'))).toEqual({ feature_weights: { GROUP2: 0.5 } })
})

test('a profile is asked for by its name, which the server knows', () => {
  expect(weightsOf(choice('geometry-focus'))).toEqual({ weight_profile: 'geometry-focus' })
  expect(weightsOf(choice('plant'))).toEqual({ weight_profile: 'plant' })
})
