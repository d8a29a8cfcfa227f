/** How far the guide has come; kept while the page is open, so that a look at another screen loses nothing. */
import { create } from 'zustand'
import type { Answers, Suggestion } from '@/api/suggestion'

interface Guide {
  path: string
  answers: Answers
  suggestion: Suggestion | null
  /** Whether the source and the mapping were made the plant's own. */
  taken: boolean
  /** Whether a training was started here. */
  trained: boolean
}

const START: Guide = { path: '', answers: {}, suggestion: null, taken: false, trained: false }

export const useGuide = create<Guide>(() => START)

/** What is known of the source that serves. */
export const SERVING_SOURCE = ['serving-source'] as const

/** Another draft: what was made of the one before it no longer counts. */
export function showDraft(path: string, answers: Answers, suggestion: Suggestion) {
  useGuide.setState({ path, answers, suggestion, taken: false, trained: false })
}

export function changeGuide(change: Partial<Guide>) {
  useGuide.setState(change)
}
