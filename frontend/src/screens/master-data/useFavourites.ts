/** Items that the person marked with a star, stored in their workspace. */
import { describeError } from '@/api/errors'
import { sectionOf, useWorkspace, useWorkspaceChange } from '@/api/workspace'
import { notify } from '@/ui/toasts'

export function useFavourites() {
  const workspace = useWorkspace()
  const change = useWorkspaceChange()
  const stored = sectionOf(workspace.data, 'access').favourites
  const favourites = Array.isArray(stored) ? stored.map(String) : []
  const toggle = (code: string) => {
    const next = favourites.includes(code)
      ? favourites.filter((other) => other !== code)
      : [...favourites, code]
    change.mutate(
      { section: 'access', values: { favourites: next } },
      { onError: (error) => notify('bad', describeError(error)) },
    )
  }
  return { favourites, toggle, ready: workspace.isSuccess }
}
