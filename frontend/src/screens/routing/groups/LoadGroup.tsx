/** Loads a group by its id or name. */
import { useState, type FormEvent } from 'react'
import { describeError } from '@/api/errors'
import { Button } from '@/ui/Button'
import { TextField } from '@/ui/Field'
import { notify } from '@/ui/toasts'
import { useRoutingText } from '../texts'
import { openGroup } from './useGroups'

export function LoadGroup() {
  const t = useRoutingText()
  const [id, setId] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<string>()

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (!id.trim()) return
    setBusy(true)
    setError(undefined)
    try {
      const group = await openGroup(id)
      if (group) notify('good', t('loaded', { name: group.group_name }))
      else setError(t('loadNotFound', { id: id.trim() }))
    } catch (problem) {
      setError(describeError(problem))
    } finally {
      setBusy(false)
    }
  }

  return (
    <form onSubmit={(event) => void submit(event)} className="flex items-end gap-2">
      <TextField
        className="flex-1"
        label={t('loadId')}
        placeholder={t('loadPlaceholder')}
        value={id}
        error={error}
        onChange={(event) => setId(event.target.value)}
      />
      <Button type="submit" size="sm" busy={busy} className="mb-1">
        {t('load')}
      </Button>
    </form>
  )
}
