/** Changes of the settings document that are not saved yet, section by section. */
import { create } from 'zustand'
import { describeError, statusOf } from '@/api/errors'
import { queryClient } from '@/api/queryClient'
import { useWorkflow, useWorkflowPatch, WORKFLOW_KEY, type PlantSettings } from '@/api/workflow'
import { guardUnsaved } from '@/session/leaving'
import { ask } from '@/ui/confirm'
import { notify } from '@/ui/toasts'
import { optionsText } from './texts'

type Section =
  'trainer' | 'predictor' | 'search' | 'prediction' | 'training' | 'data_source' | 'export' | 'access'
type Draft = Partial<Record<Section, Record<string, unknown>>>

const useDraft = create<{ draft: Draft }>(() => ({ draft: {} }))

function countOf(draft: Draft): number {
  return Object.values(draft).reduce((sum, values) => sum + Object.keys(values).length, 0)
}

guardUnsaved(
  () => countOf(useDraft.getState().draft) > 0,
  () => useDraft.setState({ draft: {} }),
)

/** Drops what equals the stored value, so that going back to it counts as no change. */
function cleaned(draft: Draft, stored: PlantSettings | undefined): Draft {
  const result: Draft = {}
  for (const [section, values] of Object.entries(draft) as [Section, Record<string, unknown>][]) {
    const current = (stored?.[section] ?? {}) as Record<string, unknown>
    const changed = Object.fromEntries(
      Object.entries(values).filter(([key, value]) => value !== current[key]),
    )
    if (Object.keys(changed).length > 0) result[section] = changed
  }
  return result
}

export function useSettingsDraft() {
  const workflow = useWorkflow()
  const patch = useWorkflowPatch()
  const draft = useDraft((state) => state.draft)
  const stored = workflow.data

  const value = <Value>(section: Section, key: string): Value | undefined => {
    const own = draft[section]
    if (own && key in own) return own[key] as Value
    return (stored?.[section] as Record<string, unknown> | undefined)?.[key] as Value | undefined
  }
  const set = (section: Section, values: Record<string, unknown>) =>
    useDraft.setState((state) => ({
      draft: cleaned({ ...state.draft, [section]: { ...state.draft[section], ...values } }, stored),
    }))

  const save = async (revision = stored?.revision): Promise<void> => {
    try {
      const saved = await patch.mutateAsync({ patch: useDraft.getState().draft, revision })
      useDraft.setState({ draft: {} })
      notify('good', optionsText('saveDone', { revision: saved.revision ?? '–' }))
      if (saved.unconfirmed?.length)
        notify('info', optionsText('saveUnconfirmed', { names: saved.unconfirmed.join(', ') }))
      void queryClient.invalidateQueries({ queryKey: ['search-settings'] })
    } catch (error) {
      if (statusOf(error) !== 409) {
        notify('bad', describeError(error))
        return
      }
      const answer = await ask({
        title: optionsText('conflictTitle'),
        text: optionsText('conflictText'),
        choices: [
          { value: 'discard', label: optionsText('conflictDiscard'), danger: true },
          { value: 'apply', label: optionsText('conflictApply') },
        ],
      })
      if (answer === 'discard') useDraft.setState({ draft: {} })
      await queryClient.refetchQueries({ queryKey: WORKFLOW_KEY })
      if (answer === 'apply') await save(queryClient.getQueryData<PlantSettings>(WORKFLOW_KEY)?.revision)
    }
  }
  return {
    workflow,
    stored,
    value,
    set,
    save,
    saving: patch.isPending,
    changes: countOf(draft),
    discard: () => useDraft.setState({ draft: {} }),
  }
}

export type SettingsDraft = ReturnType<typeof useSettingsDraft>
