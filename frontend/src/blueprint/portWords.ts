/** Names of what flows through ports. One that is not known stays as it is. */
import { currentLanguage } from '@/i18n'

const KOREAN: Record<string, string> = {
  items: '품목',
  routing: '라우팅',
  weights: '가중치',
  encoded: '인코딩된 피처',
  learned: '학습된 값',
  vectors: '벡터',
  index: '인덱스',
  version: '버전',
  times: '시간 프로파일',
  results: '예측 결과',
}

export function portWord(type: string): string {
  return (currentLanguage() === 'ko' && KOREAN[type]) || type
}
