/** Drafting the input profile of a source that nobody has described yet. */
import { useMutation } from '@tanstack/react-query'
import { request } from './client'
import type { InputProfile } from './mapping'
import type { components } from './schema'

type Wire = components['schemas']['ProfileSuggestResponse']

export type Suggestion = Wire & { profile: InputProfile }
export type SuggestionQuestion = components['schemas']['SuggestionQuestion']
export type SuggestedRole = components['schemas']['SuggestedRole']

/** Topic of a question -> what was chosen; "" for: so be it. */
export type Answers = Record<string, string>

export function useSuggestion() {
  return useMutation({
    mutationFn: ({ path, answers }: { path: string; answers: Answers }) =>
      request<Suggestion>('post', '/api/mapping/input-profiles/suggest', { body: { path, answers } }),
  })
}
