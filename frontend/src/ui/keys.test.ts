import { expect, test } from 'vitest'
import { letterOf, shortcutOf } from './keys'

const pressed = (key: string, code: string, more = {}) => ({
  key,
  code,
  ctrlKey: true,
  metaKey: false,
  altKey: false,
  ...more,
})

test('shortcuts work in Hangul mode and go by the letter elsewhere', () => {
  expect(shortcutOf(pressed('ㄴ', 'KeyS'))).toBe('s')
  expect(shortcutOf(pressed('ㅋ', 'KeyZ'))).toBe('z')
  expect(shortcutOf(pressed('Process', 'KeyY'))).toBe('y')
  expect(shortcutOf(pressed('S', 'KeyS'))).toBe('s')
  // A keyboard whose Z lies where others have Y.
  expect(shortcutOf(pressed('z', 'KeyY'))).toBe('z')
})

test('other keys are no shortcuts', () => {
  expect(shortcutOf(pressed('s', 'KeyS', { ctrlKey: false }))).toBe('')
  expect(shortcutOf(pressed('s', 'KeyS', { altKey: true }))).toBe('')
  expect(shortcutOf(pressed('Enter', 'Enter'))).toBe('')
  expect(letterOf({ key: 'ㅓ', code: 'KeyJ' })).toBe('j')
})
