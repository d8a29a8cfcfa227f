/** Makes a draft the plant's own: stores the profile, names the source, activates the profile, and starts a training that activates nothing. */
import { useMutation } from '@tanstack/react-query'
import { statusOf } from '@/api/errors'
import {
  activateProfile,
  refreshProfiles,
  saveProfile,
  storedProfile,
  type InputProfile,
} from '@/api/mapping'
import { queryClient } from '@/api/queryClient'
import type { Suggestion } from '@/api/suggestion'
import { refreshVersions, startTraining, TRAINING_STATUS } from '@/api/training'
import { patchWorkflow } from '@/api/workflow'
import { changeGuide, SERVING_SOURCE } from './guideStore'

async function store(profile: InputProfile): Promise<void> {
  try {
    await saveProfile('input', { name: null, profile })
  } catch (error) {
    if (statusOf(error) !== 409) throw error
    const { revision } = await storedProfile<InputProfile>('input', profile.name)
    await saveProfile('input', { name: profile.name, profile, revision })
  }
}

export function useTakeOver() {
  return useMutation({
    mutationFn: async ({ suggestion, path }: { suggestion: Suggestion; path: string }) => {
      await store(suggestion.profile)
      await patchWorkflow({ patch: { data_source: { access_path: path } } })
      await activateProfile('input', suggestion.profile.name)
      changeGuide({ taken: true })
      await startTraining({ dry_run: false, activate: false })
      changeGuide({ trained: true })
    },
    onSettled: () => {
      refreshProfiles('input')
      refreshProfiles('output')
      refreshVersions()
      for (const queryKey of [TRAINING_STATUS, SERVING_SOURCE])
        void queryClient.invalidateQueries({ queryKey })
    },
  })
}
