/** A block pasted from a spreadsheet: which of its columns holds item codes is found by asking the item master. */
import { lookUp } from '@/api/items'

export interface PastedBlock {
  /** Codes that the item master has, as it writes them, each once, in the order pasted. */
  codes: string[]
  /** What stood in the column of codes and is no item. */
  leftOut: string[]
  /** Lines that gave no code. */
  lines: number
}

const SAMPLED_CELLS = 2000

/** Rows of cells as spreadsheets copy them: tabs between cells, cells with line breaks in quotes. */
export function cellsOf(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let cell = ''
  let quoted = false
  for (let place = 0; place < text.length; place++) {
    const sign = text[place] ?? ''
    if (quoted) {
      if (sign !== '"') cell += sign
      else if (text[place + 1] === '"') {
        cell += '"'
        place += 1
      } else quoted = false
    } else if (sign === '"' && cell === '') quoted = true
    else if (sign === '\t' || sign === '\n') {
      row.push(cell)
      cell = ''
      if (sign === '\n') {
        rows.push(row)
        row = []
      }
    } else if (sign !== '\r') cell += sign
  }
  if (cell !== '' || row.length > 0) rows.push([...row, cell])
  return rows
    .map((cells) => cells.map((one) => one.replace(/^[\s\u3000]+|[\s\u3000]+$/gu, '')))
    .filter((cells) => cells.some(Boolean))
}

/** Whether a pasted text has several columns. */
export function isBlock(text: string): boolean {
  return /[^\n]\t|\t[^\n]/.test(text)
}

/** Rows spread over a block, so many that all their cells are looked up at once. */
function sampled(rows: readonly string[][], columns: number): string[][] {
  const most = Math.max(1, Math.floor(SAMPLED_CELLS / columns))
  const step = Math.max(1, rows.length / most)
  return Array.from(
    { length: Math.min(most, rows.length) },
    (_, place) => rows[Math.floor(place * step)] ?? [],
  )
}

/** Takes the codes out of a block; null where no column of it holds any. */
export async function readBlock(text: string): Promise<PastedBlock | null> {
  const rows = cellsOf(text)
  const columns = Math.max(0, ...rows.map((row) => row.length))
  if (columns === 0) return null
  const some = sampled(rows, columns)
  const known = new Set(
    (await lookUp([...new Set(some.flat().filter(Boolean))].slice(0, SAMPLED_CELLS))).items.map((item) =>
      item.asked.toLowerCase(),
    ),
  )
  const hits = Array.from(
    { length: columns },
    (_, column) => some.filter((row) => known.has((row[column] ?? '').toLowerCase())).length,
  )
  const best = hits.indexOf(Math.max(...hits))
  if (!hits[best]) return null
  const cells = rows.map((row) => row[best] ?? '')
  const asked = [...new Map(cells.filter(Boolean).map((cell) => [cell.toLowerCase(), cell])).values()]
  const { items, unknown } = await lookUp(asked)
  const codeOf = new Map(items.map((item) => [item.asked.toLowerCase(), item.item_code]))
  return {
    codes: [...new Set(items.map((item) => item.item_code))],
    leftOut: unknown,
    lines: cells.filter((cell) => !codeOf.has(cell.toLowerCase())).length,
  }
}
