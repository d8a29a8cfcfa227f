/** Opening, editing, saving, activating, importing and exporting profiles of one kind. */
import { useCallback, useState } from 'react'
import { create } from 'zustand'
import { describeError, statusOf } from '@/api/errors'
import {
  exportProfiles,
  useActivateProfile,
  useDeleteProfile,
  useImportProfiles,
  useProfile,
  useProfiles,
  useSaveProfile,
  type ProfileActivation,
  type ProfileKind,
  type StoredProfile,
} from '@/api/mapping'
import { guardUnsaved } from '@/session/leaving'
import { ask } from '@/ui/confirm'
import { chooseTextFile, downloadFile } from '@/ui/files'
import { notify } from '@/ui/toasts'
import { commonText } from '@/i18n/common'
import { mappingText } from './texts'

interface Edited<Profile> {
  /** Stored name; null for a profile that is not stored yet. */
  name: string | null
  revision: number
  profile: Profile
}

interface Opened {
  chosen: string | null
  edited: Edited<{ name: string }> | null
}

const NOTHING: Opened = { chosen: null, edited: null }

/** What is open and edited of each kind; kept while other menus are visited. */
export const useOpened = create<Record<ProfileKind, Opened>>(() => ({ input: NOTHING, output: NOTHING }))

guardUnsaved(
  () => Object.values(useOpened.getState()).some((opened) => opened.edited !== null),
  () => useOpened.setState({ input: NOTHING, output: NOTHING }),
)

export function useProfileEditor<Profile extends { name: string }>(kind: ProfileKind) {
  const profiles = useProfiles<Profile>(kind)
  const chosen = useOpened((state) => state[kind].chosen)
  const edited = useOpened((state) => state[kind].edited) as Edited<Profile> | null
  const set = (change: Partial<Opened>) =>
    useOpened.setState((state) => ({ [kind]: { ...state[kind], ...change } }))
  const setChosen = (next: string | null) => set({ chosen: next })
  const setEdited = (next: Edited<Profile> | null) => set({ edited: next })
  const [activation, setActivation] = useState<ProfileActivation | null>(null)
  const shown =
    chosen ?? profiles.data?.find((profile) => profile.active)?.name ?? profiles.data?.[0]?.name ?? null
  const stored = useProfile<Profile>(kind, shown)
  const saving = useSaveProfile<Profile>(kind)
  const activating = useActivateProfile(kind)
  const deleting = useDeleteProfile(kind)
  const importing = useImportProfiles(kind)

  const profile = edited?.profile ?? stored.data?.profile ?? null
  const readOnly = edited === null && (stored.data?.built_in ?? true)

  const mayDiscard = useCallback(async () => {
    if (!edited) return true
    const answer = await ask({
      title: mappingText('discardTitle'),
      text: mappingText('discardText', { name: edited.profile.name }),
      choices: [{ value: 'discard', label: mappingText('discard'), danger: true }],
    })
    return answer === 'discard'
  }, [edited])

  const open = async (name: string) => {
    if (name === shown && !edited) return
    if (!(await mayDiscard())) return
    setEdited(null)
    setActivation(null)
    setChosen(name)
  }
  const change = (next: Partial<Profile>) => {
    if (!profile) return
    const from = edited ?? { name: stored.data?.name ?? null, revision: stored.data?.revision ?? 0 }
    setEdited({ ...from, profile: { ...profile, ...next } })
  }
  const copy = async () => {
    if (!profile || !(await mayDiscard())) return
    const names = new Set(profiles.data?.map((other) => other.name))
    let name = mappingText('copyName', { name: profile.name })
    for (let number = 2; names.has(name); number++)
      name = `${mappingText('copyName', { name: profile.name })} ${number}`
    setEdited({ name: null, revision: 0, profile: { ...profile, name } })
  }
  const attempt = async <Result>(work: () => Promise<Result>): Promise<Result | undefined> => {
    try {
      return await work()
    } catch (error) {
      notify(
        'bad',
        statusOf(error) === 409
          ? `${mappingText('conflict')}\n${describeError(error)}`
          : describeError(error),
      )
      return undefined
    }
  }
  const save = async (): Promise<StoredProfile<Profile> | undefined> => {
    if (!edited) return undefined
    const saved = await attempt(() => saving.mutateAsync(edited))
    if (saved) {
      setEdited(null)
      setChosen(saved.name)
      notify('good', mappingText('saved', { name: saved.name }))
    }
    return saved
  }
  const activate = async () => {
    if (!shown) return
    const answer = await attempt(() => activating.mutateAsync(shown))
    if (answer) {
      setActivation(answer)
      notify('good', mappingText('activated', { name: shown }))
    }
  }
  const remove = async () => {
    if (!shown) return
    const answer = await ask({
      title: mappingText('deleteTitle'),
      text: mappingText('deleteText', { name: shown }),
      choices: [{ value: 'delete', label: commonText('remove'), danger: true }],
    })
    if (answer !== 'delete') return
    const done = await attempt(async () => {
      await deleting.mutateAsync(shown)
      return true
    })
    if (!done) return
    set(NOTHING)
    notify('good', mappingText('deleted', { name: shown }))
  }
  const importFile = async () => {
    const file = await chooseTextFile('.json,application/json')
    if (!file) return
    try {
      JSON.parse(file.text)
    } catch {
      notify('bad', mappingText('importWrong'))
      return
    }
    const done = await attempt(() => importing.mutateAsync(file.text))
    if (done) {
      notify(
        'good',
        mappingText('imported', {
          created: done.created.length,
          updated: done.updated.length,
          unchanged: done.unchanged.length,
        }),
      )
    }
  }
  const exportFile = () =>
    attempt(async () => {
      const content = await exportProfiles(kind)
      downloadFile(`routing-ml-${kind}-profiles.json`, JSON.stringify(content, null, 2), 'application/json')
    })

  return {
    profiles,
    stored,
    shown,
    profile,
    readOnly,
    dirty: edited !== null,
    isNew: edited !== null && edited.name === null,
    activation,
    busy: saving.isPending || activating.isPending || deleting.isPending || importing.isPending,
    open,
    change,
    copy,
    save,
    activate,
    remove,
    importFile,
    exportFile,
    discard: () => setEdited(null),
  }
}

export type ProfileEditor<Profile extends { name: string }> = ReturnType<typeof useProfileEditor<Profile>>
