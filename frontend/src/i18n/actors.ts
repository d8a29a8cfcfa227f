/** Names of those who are no persons. */
import { currentLanguage } from './index'

const ACTORS: Record<string, string> = {
  'service:training': '학습 서비스',
  'routing-ml up': '최초 설치',
}

/** Who did something: a person's name stays, a service gets its name. */
export function actor(name: string | null | undefined): string {
  return name ? (currentLanguage() === 'ko' && ACTORS[name]) || name : '–'
}
