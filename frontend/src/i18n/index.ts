/** Languages: Korean first, English second. Each screen registers its own texts, so they load with the screen. */
import i18n from 'i18next'
import { initReactI18next, useTranslation } from 'react-i18next'

export type Language = 'ko' | 'en'
const STORAGE_KEY = 'routing-ml-language'

function storedLanguage(): Language {
  try {
    return localStorage.getItem(STORAGE_KEY) === 'en' ? 'en' : 'ko'
  } catch {
    return 'ko'
  }
}

/** Signs that turn the direction of what stands after them, and letters of scripts that run the other way. */
const TURNS = /[\u0590-\u08FF\u200E\u200F\u202A-\u202E\u2066-\u2069\uFB1D-\uFDFF\uFE70-\uFEFC]/

/** A name within a sentence keeps its direction to itself: the sentence around it reads on as before. */
export function isolated(value: string): string {
  return TURNS.test(value) ? `\u2068${value}\u2069` : value
}

void i18n.use(initReactI18next).init({
  lng: storedLanguage(),
  fallbackLng: 'ko',
  resources: {},
  initAsync: false,
  keySeparator: false,
  nsSeparator: false,
  interpolation: { escapeValue: true, escape: isolated },
  react: { useSuspense: false },
})
document.documentElement.lang = i18n.language

export function currentLanguage(): Language {
  return i18n.language === 'en' ? 'en' : 'ko'
}

export async function switchLanguage(language: Language) {
  await i18n.changeLanguage(language)
  document.documentElement.lang = language
  try {
    localStorage.setItem(STORAGE_KEY, language)
  } catch {
    // Without storage the choice lasts until the page is closed.
  }
}

type Values = Record<string, string | number>
export type Text<Key extends string> = (key: Key, values?: Values) => string

/** Texts of a language that says one thing otherwise than several: `key_one` where `count` is 1. */
type WithSingular<Key extends string> = Record<Key, string> & Partial<Record<`${Key}_one`, string>>

/** Registers a screen's texts and returns its hook, and a function for use outside components. English must name every Korean key. */
export function screenTexts<Key extends string>(
  namespace: string,
  texts: { ko: Record<Key, string>; en: WithSingular<NoInfer<Key>> },
): [useText: () => Text<Key>, text: Text<Key>] {
  i18n.addResourceBundle('ko', namespace, texts.ko)
  i18n.addResourceBundle('en', namespace, texts.en)
  const useText = () => useTranslation(namespace).t as unknown as Text<Key>
  const text: Text<Key> = (key, values) => i18n.t(key, { ns: namespace, ...values }) as string
  return [useText, text]
}

export { useTranslation }
