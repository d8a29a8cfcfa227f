import { describe, expect, it } from 'vitest'
import {
  amountAxis,
  lineLook,
  lineWithGaps,
  percentTip,
  qualityAxis,
  roundTop,
  shareAxis,
  tip,
} from './chartFigures'

const STEP = 10_000

describe('a line over time', () => {
  it('ends where figures are missing, and begins anew', () => {
    const dots = lineWithGaps(
      [
        [0, 4],
        [10_000, 5],
        [60_000, 6],
        [70_000, 7],
      ],
      STEP,
    )
    expect(dots.map((dot) => dot.value)).toEqual([
      [0, 4],
      [10_000, 5],
      [20_000, null],
      [60_000, 6],
      [70_000, 7],
    ])
  })
  it('shows the sign of a point without neighbours only', () => {
    const dots = lineWithGaps(
      [
        [0, 4],
        [50_000, 5],
        [60_000, 6],
      ],
      STEP,
    )
    expect(dots.filter((dot) => dot.value[1] !== null).map((dot) => dot.symbol)).toEqual([
      undefined,
      'none',
      'none',
    ])
    expect(lineWithGaps([[0, 4]], STEP)).toEqual([{ value: [0, 4] }])
    expect(lineWithGaps([], STEP)).toEqual([])
  })
  it('differs from the others in colour, stroke and sign, and lies above broader ones', () => {
    const looks = [0, 1, 2].map(lineLook)
    for (const part of ['color', 'symbol', 'z'] as const)
      expect(new Set(looks.map((look) => look[part])).size).toBe(3)
    expect(new Set(looks.map((look) => JSON.stringify(look.lineStyle))).size).toBe(3)
    expect(Number(looks[0]?.lineStyle.width)).toBeGreaterThan(Number(looks[1]?.lineStyle.width))
  })
})

describe('an axis', () => {
  it('ends at 1, 2 or 5 times a power of ten', () => {
    expect([0, 0.0031, 0.01, 0.3, 1, 7, 43, 250].map(roundTop)).toEqual([0, 0.005, 0.01, 0.5, 1, 10, 50, 500])
    expect(roundTop(Number.NaN)).toBe(0)
  })
  it('of errors shows few of them large and never more than all', () => {
    expect(shareAxis([0, 0]).max).toBe(0.01)
    expect(shareAxis([0.03]).max).toBe(0.05)
    expect(shareAxis([0.9]).max).toBe(1)
    expect(shareAxis([0.004]).axisLabel.formatter(0.002)).toBe('0.2%')
  })
  it('of a quality begins at a round percentage below all versions', () => {
    expect(qualityAxis([0.9987, 0.9991])).toMatchObject({ min: 0.99, max: 1 })
    expect(qualityAxis([0.93, 0.99])).toMatchObject({ min: 0.9, max: 1 })
    expect(qualityAxis([0.2])).toMatchObject({ min: 0, max: 1 })
    expect(qualityAxis([])).toMatchObject({ min: 0.99, max: 1 })
  })
  it('of amounts begins with 0 and names its unit', () => {
    expect(amountAxis('ms')).toMatchObject({ min: 0, name: 'ms' })
  })
})

it('a tooltip says the unit, and nothing of what was not measured', () => {
  expect(tip('ms', 1).valueFormatter(12.34)).toBe('12.3 ms')
  expect(tip('ms', 1).valueFormatter(null)).toBe('–')
  expect(percentTip.valueFormatter(0.9987)).toBe('99.87%')
  expect(percentTip.valueFormatter(undefined)).toBe('–')
})
