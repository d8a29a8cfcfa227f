/** Names for the values of options, and for the types of columns. One that is not known stays as it is. */
import { currentLanguage } from './index'

const WORDS: Record<string, readonly [ko: string, en: string]> = {
  consensus: ['합의 (유사 품목과 학습한 모델)', 'consensus (items and models)'],
  nearest: ['최근접 (가장 비슷한 품목)', 'nearest (the most similar item)'],
  sigma_profile: ['시그마 프로파일 (모든 표본)', 'sigma profile (all samples)'],
  z_score: ['Z-점수 (이상치 제외)', 'Z-score (outliers left out)'],
  trimmed_std: ['절사 표준편차 (분위수 사이)', 'trimmed (between two quantiles)'],
  faiss: ['FAISS HNSW (메모리 매핑)', 'FAISS HNSW (memory-mapped)'],
  hnswlib: ['hnswlib', 'hnswlib'],
  pgvector: ['pgvector (PostgreSQL)', 'pgvector (PostgreSQL)'],
  text: ['문자', 'text'],
  integer: ['정수', 'integer'],
  number: ['숫자', 'number'],
  boolean: ['예/아니오', 'yes/no'],
  date: ['날짜', 'date'],
  datetime: ['날짜와 시간', 'date and time'],
}

export function optionWord(value: string): string {
  const words = WORDS[value]
  return words ? words[currentLanguage() === 'ko' ? 0 : 1] : value
}

const METHODS: Record<string, readonly [ko: string, en: string]> = {
  everybody: ['전체에서 가장 흔한 라우팅', 'most frequent of all'],
  group: ['그룹에서 가장 흔한 라우팅', 'most frequent of the group'],
  'group medoid': ['그룹의 대표 라우팅', 'typical of the group'],
  nearest: ['가장 비슷한 품목', 'nearest item'],
  vote: ['비슷한 품목의 투표', 'vote of similar items'],
  forest: ['의사결정 숲', 'forest'],
  committee: ['그룹·투표·숲의 평균', 'group, vote and forest'],
  consensus: ['합의', 'consensus'],
}

/** The name of a method that a training compares; several that predict together are joined by " + ". */
export function methodWord(name: string): string {
  const place = currentLanguage() === 'ko' ? 0 : 1
  return name
    .split(' + ')
    .map((one) => METHODS[one]?.[place] ?? one)
    .join(' + ')
}
