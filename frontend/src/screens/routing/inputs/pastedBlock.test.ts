import { beforeEach, expect, test, vi } from 'vitest'
import { cellsOf, isBlock, readBlock } from './pastedBlock'

const MASTER = new Set(['a-1', 'a-2', 'b 3'])
let asked: string[][] = []

beforeEach(() => {
  asked = []
  vi.stubGlobal('fetch', (_path: string, options: { body: string }) => {
    const { item_codes } = JSON.parse(options.body) as { item_codes: string[] }
    asked.push(item_codes)
    const known = item_codes.filter((code) => MASTER.has(code.toLowerCase()))
    return Promise.resolve(
      new Response(
        JSON.stringify({
          items: known.map((code) => ({ asked: code, item_code: code.toUpperCase() })),
          unknown: item_codes.filter((code) => !MASTER.has(code.toLowerCase())),
        }),
      ),
    )
  })
})

test('cells keep their line breaks and quotes, empty rows are none', () => {
  expect(cellsOf('a\tb\r\n\r\n"x\ny"\t"say ""hi"""\n')).toEqual([
    ['a', 'b'],
    ['x\ny', 'say "hi"'],
  ])
  expect(isBlock('a\nb\n')).toBe(false)
  expect(isBlock('a\tb')).toBe(true)
})

test('the column of codes is found by what the item master has, wherever it stands', async () => {
  const block = await readBlock(
    'No\t품명\t품목코드\n1\t슬리브\ta-1\n2\t링\tB 3\n3\t링\tNONE\n4\t링\tA-1\n5\t\t\n',
  )
  expect(block).toEqual({ codes: ['A-1', 'B 3'], leftOut: ['품목코드', 'NONE'], lines: 3 })
})

test('a block without codes has none', async () => {
  expect(await readBlock('x\ty\n1\t2')).toBeNull()
})

test('of 5,000 lines with names and specifications no request is larger than the server takes', async () => {
  const lines = Array.from(
    { length: 5000 },
    (_, row) => `name ${row}\tspec ${row}\t${row % 2 ? 'A-2' : `X-${row}`}`,
  )
  const block = await readBlock(lines.join('\n'))
  expect(block?.codes).toEqual(['A-2'])
  expect(block?.lines).toBe(2500)
  expect(Math.max(...asked.map((codes) => codes.length))).toBeLessThanOrEqual(2000)
})
