import { expect, test } from 'vitest'
import { parseItemCodes } from './parseItemCodes'

test('codes are split at newlines, tabs, commas and semicolons and lose the blanks around them', () => {
  expect(parseItemCodes(' A-1,B-2;\tC-3\r\n\u3000D-4\u3000\n\n').codes).toEqual(['A-1', 'B-2', 'C-3', 'D-4'])
})

test('a code that comes again in another case is used once and counted', () => {
  const parsed = parseItemCodes('a-1\nA-1\n A-1 ')
  expect(parsed.codes).toEqual(['a-1'])
  expect(parsed.duplicates).toBe(2)
})

test('of 5,000 pasted codes with blanks and duplicates the first 50 different ones stay', () => {
  const text = Array.from({ length: 5000 }, (_, index) =>
    index % 3 === 0 ? '   ' : `IT-${index % 2000}`,
  ).join('\n')
  const parsed = parseItemCodes(text)
  expect(parsed.codes).toHaveLength(50)
  expect(parsed.cut).toBeGreaterThan(1000)
  expect(parsed.duplicates).toBeGreaterThan(1000)
})

test('an inner blank belongs to the code', () => {
  expect(parseItemCodes('"AB 12"').codes).toEqual(['AB 12'])
})
