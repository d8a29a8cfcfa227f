import { expect, test } from 'vitest'
import type { NodeType } from '@/api/blueprint'
import type { PlantSettings } from '@/api/workflow'
import { isOff, withSetting } from './effective'

const enabled = {
  type: 'boolean' as const,
  default: false,
  'x-setting': ['trainer', 'time_profiles_enabled'] as [string, string],
}
const type = { options_schema: { properties: { enabled } } } as unknown as NodeType
const settings = (on: boolean) => ({ trainer: { time_profiles_enabled: on } }) as unknown as PlantSettings

test('where a node gives nothing, the setting behind the option counts', () => {
  expect(withSetting(enabled, settings(true)).default).toBe(true)
  expect(withSetting(enabled, undefined).default).toBe(false)
  expect(withSetting({ type: 'number', default: 3 }, settings(true)).default).toBe(3)
})

test('a node is off by itself or by its setting', () => {
  expect(isOff({ settings: {} }, type, settings(false))).toBe(true)
  expect(isOff({ settings: {} }, type, settings(true))).toBe(false)
  expect(isOff({ settings: { enabled: true } }, type, settings(false))).toBe(false)
  expect(isOff({ settings: {} }, undefined, settings(false))).toBe(false)
})
