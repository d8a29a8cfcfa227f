/** Makes a draft the plant's own: stores the profile, names the source, activates the profile, and starts a training that activates nothing. */
import { useMutation } from '@tanstack/react-query'
import { request } from '@/api/client'
import { statusOf } from '@/api/errors'
import { queryClient } from '@/api/queryClient'
import { plantChanged } from '@/api/plant'
import type { Suggestion } from '@/api/suggestion'
import type { InputProfile, StoredProfile } from '@/api/mapping'
import { changeGuide } from './guideStore'

const PROFILES = '/api/mapping/input-profiles'

async function store(profile: InputProfile): Promise<void> {
  try {
    await request('post', PROFILES, { body: { profile } })
  } catch (error) {
    if (statusOf(error) !== 409) throw error
    const path = `${PROFILES}/${encodeURIComponent(profile.name)}`
    const known = await request<StoredProfile<InputProfile>>('get', path)
    await request('put', path, { body: { profile, expected_revision: known.revision } })
  }
}

export function useTakeOver() {
  return useMutation({
    mutationFn: async ({ suggestion, path }: { suggestion: Suggestion; path: string }) => {
      await store(suggestion.profile)
      await request('patch', '/api/workflow/graph', { body: { data_source: { access_path: path } } })
      await request('post', `${PROFILES}/${encodeURIComponent(suggestion.profile.name)}/activate`)
      changeGuide({ taken: true })
      await request('post', '/api/trainer/run', { body: { dry_run: false, activate: false } })
      changeGuide({ trained: true })
    },
    onSettled: () => {
      for (const key of ['profiles', 'workflow', 'training-status', 'versions', 'serving-source'])
        void queryClient.invalidateQueries({ queryKey: [key] })
      plantChanged()
    },
  })
}
