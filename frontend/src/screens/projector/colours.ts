/** Colours of the points by a metadata column. */
const PALETTE = [
  '#7cc4ff',
  '#ffd479',
  '#8be0c0',
  '#ff9f9f',
  '#c9b6ff',
  '#ffb38a',
  '#b6e388',
  '#f5a3c7',
  '#9adbe8',
  '#e6d3a3',
]
const OTHERS = '#8d9bb5'

export interface Groups {
  legend: { name: string; colour: string; count: number }[]
  /** Colour of each point. */
  ofPoint: readonly string[]
}

/** The ten most frequent values get a colour of their own. */
export function groupsOf(values: readonly string[], othersName: string): Groups {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  const frequent = [...counts.entries()]
    .sort(([, first], [, second]) => second - first)
    .slice(0, PALETTE.length)
  const colours = new Map(frequent.map(([name], index) => [name, PALETTE[index] ?? OTHERS]))
  const legend = frequent.map(([name, count]) => ({ name, count, colour: colours.get(name) ?? OTHERS }))
  const rest = values.length - frequent.reduce((sum, [, count]) => sum + count, 0)
  if (rest > 0) legend.push({ name: othersName, count: rest, colour: OTHERS })
  return { legend, ofPoint: values.map((value) => colours.get(value) ?? OTHERS) }
}

function channel(colour: string, index: number): number {
  return parseInt(colour.slice(1 + index * 2, 3 + index * 2), 16) / 255
}

/** Points that a search does not match fade; the chosen one is white. */
export function shadesOf(
  count: number,
  ofPoint: readonly string[],
  hits: ReadonlySet<number> | null,
  chosen: number | null,
): Float32Array<ArrayBuffer> {
  const shades = new Float32Array(count * 4)
  for (let index = 0; index < count; index++) {
    const colour = index === chosen ? '#ffffff' : (ofPoint[index] ?? PALETTE[0] ?? OTHERS)
    for (let k = 0; k < 3; k++) shades[index * 4 + k] = channel(colour, k)
    shades[index * 4 + 3] = index === chosen || hits?.has(index) ? 1 : hits ? 0.12 : 0.75
  }
  return shades
}
