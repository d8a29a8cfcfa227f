/** Names of those who are no persons. */
import { currentLanguage } from './index'

const ACTORS: Record<string, readonly [ko: string, en: string]> = {
  'service:training': ['학습 서비스', 'training service'],
  'routing-ml up': ['최초 설치', 'routing-ml up'],
}

/** Who did something: a person's name stays, a service gets its name. */
export function actor(name: string | null | undefined): string {
  if (!name) return '–'
  return ACTORS[name]?.[currentLanguage() === 'ko' ? 0 : 1] ?? name
}
