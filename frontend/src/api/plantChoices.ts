/** The plants that can serve here: the own one, the demo, and those that come with the product to be tried. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { currentLanguage } from '@/i18n'
import { request } from './client'
import { queryClient } from './queryClient'
import { TRAINING_STATUS } from './training'
import type { PlantChoice, PlantChoices, PlantServed } from './types'

export const OWN = 'own'
export const DEMO = 'demo'

const CHOICES = ['plant-choices'] as const

/** Asked often while one is trained for, so that what serves is told as soon as it does. */
export function usePlantChoices(enabled = true, often = false) {
  return useQuery({
    queryKey: CHOICES,
    enabled,
    refetchInterval: often ? 3000 : false,
    queryFn: ({ signal }) => request<PlantChoices>('get', '/api/plant/choices', { signal }),
  })
}

/** Asks anew for everything: another plant answers everything otherwise. */
export function plantServes() {
  void queryClient.invalidateQueries()
}

export function useServePlant() {
  return useMutation({
    mutationFn: (name: string) =>
      request<PlantServed>('post', `/api/plant/choices/${encodeURIComponent(name)}/serve`),
    onSuccess: (done) => {
      if (done.training) queryClient.setQueryData(TRAINING_STATUS, done.training)
      plantServes()
    },
  })
}

/** What people call a plant, and what is said about it. */
export function wordsOf(choice: PlantChoice): { label: string; about: string } {
  return currentLanguage() === 'ko'
    ? { label: choice.label_ko, about: choice.about_ko }
    : { label: choice.label, about: choice.about }
}
