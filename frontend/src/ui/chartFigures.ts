/** Figures as charts show them: gaps stay gaps, lines that lie on each other are told apart, axes end at round numbers. */
import { formatNumber, formatPercent } from '@/i18n/format'
import { AXIS, SERIES } from './chartStyle'

/** Lines that may lie on each other: the first is the broadest and lies lowest, each has a stroke of its own. */
const STROKES = [
  { type: 'solid', width: 5, opacity: 0.55 },
  { type: 'solid', width: 2.25, opacity: 1 },
  { type: [3, 4], width: 2.25, opacity: 1 },
] as const
const SIGNS = ['circle', 'triangle', 'rect'] as const

/** Colour, stroke and sign of the line at a position among those of a chart. */
export function lineLook(position: number) {
  return {
    color: SERIES[position % SERIES.length],
    lineStyle: { ...(STROKES[position % STROKES.length] ?? STROKES[0]) },
    symbol: SIGNS[position % SIGNS.length],
    symbolSize: 6,
    showAllSymbol: true,
    z: 3 + position,
  }
}

interface Dot {
  value: [number, number | null]
  symbol?: 'none'
}

/** Points of a line over time. Where more than a step lies between two, the line ends; a point without neighbours shows its sign.
 * @param step milliseconds between two points of an unbroken line.
 */
export function lineWithGaps(points: readonly (readonly [number, number])[], step: number): Dot[] {
  const near = (first: number | undefined, second: number | undefined) =>
    first !== undefined && second !== undefined && second - first <= 1.5 * step
  return points.flatMap(([at, figure], index): Dot[] => {
    const before = near(points[index - 1]?.[0], at)
    const after = near(at, points[index + 1]?.[0])
    const dot: Dot = before || after ? { value: [at, figure], symbol: 'none' } : { value: [at, figure] }
    const last = index === points.length - 1
    return after || last ? [dot] : [dot, { value: [at + step, null] }]
  })
}

/** The smallest of 1, 2 and 5 times a power of ten that is not below the value; 0 for 0. */
export function roundTop(value: number): number {
  if (!(value > 0) || !Number.isFinite(value)) return 0
  const power = 10 ** Math.floor(Math.log10(value))
  const times = [1, 2, 5, 10].find((one) => one * power >= value * (1 - 1e-9)) ?? 10
  return Number((times * power).toPrecision(3))
}

/** Axis of shares from 0 to a round percentage above all of them, at least 1 %. */
export function shareAxis(shares: readonly number[]) {
  const max = Math.min(1, roundTop(Math.max(0.01, ...shares)))
  return { type: 'value', min: 0, max, interval: max / 5, ...AXIS, axisLabel: percentLabels(max / 5) }
}

/** Axis of shares near 1, such as recall: from a round percentage below all of them, at least 1 % wide, up to 100 %. */
export function qualityAxis(shares: readonly number[]) {
  const span = Math.min(1, roundTop(Math.max(0.01, ...shares.map((share) => 1 - share))))
  const min = Number((1 - span).toPrecision(12))
  return { type: 'value', min, max: 1, interval: span / 5, ...AXIS, axisLabel: percentLabels(span / 5) }
}

/** Axis of amounts that begins with 0 and names its unit. */
export function amountAxis(unit: string, minInterval?: number) {
  return {
    type: 'value',
    name: unit,
    min: 0,
    minInterval,
    ...AXIS,
    axisLabel: { ...AXIS.axisLabel, formatter: (value: number) => formatNumber(value, 6) },
  }
}

function percentLabels(interval: number) {
  const digits = interval < 0.01 ? 1 : 0
  return { ...AXIS.axisLabel, formatter: (value: number) => formatPercent(value, digits) }
}

/** A figure of a tooltip with its unit; "–" where there is none. */
export function tip(unit: string, digits: number) {
  return {
    valueFormatter: (value: unknown) =>
      typeof value === 'number' ? `${formatNumber(value, digits)} ${unit}` : '–',
  }
}

/** A share of a tooltip as percent; "–" where there is none. */
export const percentTip = {
  valueFormatter: (value: unknown) => (typeof value === 'number' ? formatPercent(value, 2) : '–'),
}
