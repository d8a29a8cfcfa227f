/** Numbers, dates and durations in the chosen language. */
import { currentLanguage } from './index'

const LOCALES = { ko: 'ko-KR', en: 'en-GB' }
const cache = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>()

function cached<Format extends Intl.NumberFormat | Intl.DateTimeFormat>(
  key: string,
  make: (locale: string) => Format,
): Format {
  const locale = LOCALES[currentLanguage()]
  const full = `${locale}|${key}`
  let format = cache.get(full) as Format | undefined
  if (!format) cache.set(full, (format = make(locale)))
  return format
}

/** A number with at most `digits` decimals; "–" where there is none. */
export function formatNumber(value: number | null | undefined, digits = 1): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–'
  return cached(
    `n${digits}`,
    (locale) => new Intl.NumberFormat(locale, { maximumFractionDigits: digits }),
  ).format(value)
}

/** A share between 0 and 1 as percent. */
export function formatPercent(value: number | null | undefined, digits = 0): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–'
  return cached(
    `p${digits}`,
    (locale) => new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: digits }),
  ).format(value)
}

/** A time given as ISO text, or seconds since 1970. */
export function formatTime(value: string | number | null | undefined): string {
  if (value === null || value === undefined || value === '' || value === 0) return '–'
  const date = new Date(typeof value === 'number' ? value * 1000 : value)
  if (Number.isNaN(date.getTime())) return String(value)
  return cached(
    't',
    (locale) => new Intl.DateTimeFormat(locale, { dateStyle: 'short', timeStyle: 'medium' }),
  ).format(date)
}

/** Hours and minutes of a time in milliseconds since 1970. */
export function formatClock(value: number): string {
  return cached(
    'c',
    (locale) => new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hour12: false }),
  ).format(new Date(value))
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB']
export function formatBytes(value: number | null | undefined): string {
  if (!value) return '–'
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(value) / 3))
  return `${formatNumber(value / 1000 ** power, power > 1 ? 1 : 0)} ${UNITS[power]}`
}

/** Seconds as "1 h 2 m", "3 m 4 s" or "5.6 s". */
export function formatSeconds(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value) || value < 0) return '–'
  const ko = currentLanguage() === 'ko'
  const [h, m, s] = ko ? ['시간', '분', '초'] : [' h', ' min', ' s']
  if (value < 59.5) return `${formatNumber(value, value < 9.95 ? 1 : 0)}${s}`
  const seconds = Math.round(value)
  if (seconds < 3600) return `${Math.floor(seconds / 60)}${m} ${seconds % 60}${s}`
  const minutes = Math.round(value / 60)
  return `${Math.floor(minutes / 60)}${h} ${minutes % 60}${m}`
}
