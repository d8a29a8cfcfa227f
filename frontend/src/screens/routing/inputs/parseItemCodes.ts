/** Item codes from pasted text. */
export const MOST_ITEM_CODES = 50

export interface ParsedCodes {
  codes: string[]
  /** Codes that came again, ignoring case and blanks. */
  duplicates: number
  /** Codes beyond the most that one prediction takes. */
  cut: number
}

/** Splits at newlines, tabs, commas and semicolons; blanks around a code (full-width ones too) do not count. */
export function parseItemCodes(text: string, most = MOST_ITEM_CODES): ParsedCodes {
  const seen = new Set<string>()
  const codes: string[] = []
  let duplicates = 0
  for (const part of text.split(/[\n\r\t,;，；]+/u)) {
    const code = part.replace(/^[\s\u3000"']+|[\s\u3000"']+$/gu, '')
    if (!code) continue
    const key = code.toLowerCase()
    if (seen.has(key)) {
      duplicates += 1
      continue
    }
    seen.add(key)
    codes.push(code)
  }
  return { codes: codes.slice(0, most), duplicates, cut: Math.max(0, codes.length - most) }
}
