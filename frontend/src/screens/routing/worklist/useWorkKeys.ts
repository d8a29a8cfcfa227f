/** Keys of the work list, from anywhere on the screen where nothing is being typed. */
import { useEffect } from 'react'
import { letterOf } from '@/ui/keys'
import { isTyping } from '@/ui/useUndoKeys'
import { useRouting } from '../store/routingStore'
import type { WorkRow } from './rows'
import { accept, moveBy } from './workActions'
import { toggleSelected } from './workView'

export function useWorkKeys(rows: readonly WorkRow[]) {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
      if (isTyping(event.target) || rows.length === 0) return
      const letter = letterOf(event)
      if (letter === 'j') moveBy(rows, 1)
      else if (letter === 'k') moveBy(rows, -1)
      else if (letter === 'a' && !event.repeat) accept(rows)
      else if (letter === 'x' && !event.repeat) {
        const { activeCode } = useRouting.getState()
        if (activeCode) toggleSelected(activeCode)
      } else return
      event.preventDefault()
    }
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [rows])
}
