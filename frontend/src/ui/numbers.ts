/** Numbers as people write them: thousands as the screens print them, a point before the decimals. */
import { commonText } from '@/i18n/common'
import { formatNumber } from '@/i18n/format'

export interface NumberLimits {
  min?: number
  max?: number
  /** Most decimals; 0 for whole numbers. */
  digits?: number
  /** Whether nothing is an answer, too. */
  optional?: boolean
}

/** A number that was read; null where nothing was written. */
export type NumberRead = { value: number | null; error?: undefined } | { value?: undefined; error: string }

const WRITTEN = /^([+-]?)(\d{1,3}(?:,\d{3})+|\d+)?(?:\.(\d*))?$/
const ALMOST_THOUSANDS = /^[+-]?[\d.]*,[\d.,]*$/

/** Full-width digits and signs as the usual ones, without blanks at the ends and without a sign for percent. */
function plain(text: string): string {
  return text.normalize('NFKC').replaceAll('−', '-').trim().replace(/\s*%$/, '')
}

/** Reads a number; says in the reader's language what is wrong with it and what it may be. */
export function readNumber(text: string, limits: NumberLimits = {}): NumberRead {
  const { min, max, digits = 3, optional = false } = limits
  const written = plain(text)
  if (written === '') return optional ? { value: null } : { error: rangeError('numberNeeded', limits) }
  const [matched, , whole, decimals = ''] = WRITTEN.exec(written) ?? []
  if (matched === undefined || (whole === undefined && decimals === ''))
    return {
      error: ALMOST_THOUSANDS.test(written)
        ? commonText('numberComma', { example: formatNumber(1234.5) })
        : rangeError('numberWrong', limits),
    }
  if (decimals.length > digits)
    return {
      error: digits === 0 ? rangeError('numberWhole', limits) : commonText('numberDecimals', { digits }),
    }
  const value = Number(matched.replaceAll(',', ''))
  if ((min !== undefined && value < min) || (max !== undefined && value > max))
    return { error: rangeError('numberRange', limits) }
  return { value }
}

/** "0 ~ 100", "0 or more", or nothing. */
export function rangeText({ min, max }: NumberLimits): string {
  if (min !== undefined && max !== undefined)
    return commonText('rangeBoth', { min: formatNumber(min, 3), max: formatNumber(max, 3) })
  if (min !== undefined) return commonText('rangeMin', { min: formatNumber(min, 3) })
  if (max !== undefined) return commonText('rangeMax', { max: formatNumber(max, 3) })
  return ''
}

function rangeError(
  key: 'numberNeeded' | 'numberWrong' | 'numberWhole' | 'numberRange',
  limits: NumberLimits,
): string {
  const range = rangeText(limits)
  return range ? `${commonText(key)} (${range})` : commonText(key)
}

/** A number as its field shows it; "" where there is none. */
export function writtenNumber(value: number | null | undefined, digits = 3): string {
  return value === null || value === undefined || !Number.isFinite(value) ? '' : formatNumber(value, digits)
}
