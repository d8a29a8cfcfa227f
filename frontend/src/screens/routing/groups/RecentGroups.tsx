/** Groups that were saved last. */
import { FolderOpen, RefreshCw, Trash2 } from 'lucide-react'
import { describeError } from '@/api/errors'
import { Button, IconButton } from '@/ui/Button'
import { ask } from '@/ui/confirm'
import { QueryPanel } from '@/ui/PanelState'
import { notify } from '@/ui/toasts'
import { commonText, useCommonText } from '@/i18n/common'
import { formatTime } from '@/i18n/format'
import { routingText, useRoutingText } from '../texts'
import type { GroupSummary } from './groupContent'
import { deleteGroup, openGroup, useRecentGroups } from './useGroups'

async function open(group: GroupSummary) {
  try {
    const opened = await openGroup(group.group_id)
    if (opened) notify('good', routingText('loaded', { name: opened.group_name }))
    else notify('bad', routingText('loadNotFound', { id: group.group_name }))
  } catch (error) {
    notify('bad', describeError(error))
  }
}

async function remove(group: GroupSummary) {
  const answer = await ask({
    title: routingText('deleteTitle'),
    text: routingText('deleteText', { name: group.group_name }),
    choices: [{ value: 'delete', label: commonText('remove'), danger: true }],
  })
  if (answer !== 'delete') return
  try {
    await deleteGroup(group.group_id)
    notify('good', routingText('deleted'))
  } catch (error) {
    notify('bad', describeError(error))
  }
}

export function RecentGroups() {
  const t = useRoutingText()
  const common = useCommonText()
  const groups = useRecentGroups()
  return (
    <section aria-label={t('recent')}>
      <div className="mb-1 flex items-center justify-between">
        <h3 className="text-[0.92rem]">{t('recent')}</h3>
        <Button size="sm" variant="ghost" icon={RefreshCw} onClick={() => void groups.refetch()}>
          {common('refresh')}
        </Button>
      </div>
      <QueryPanel
        query={groups}
        isEmpty={(page) => page.items.length === 0}
        empty={<p className="tile p-3 text-center text-muted">{t('recentEmpty')}</p>}
      >
        {(page) => (
          <ul className="flex max-h-72 flex-col gap-1.5 overflow-y-auto">
            {page.items.map((group) => (
              <li key={group.group_id} className="tile flex items-center gap-1 p-1 pr-2">
                <button
                  type="button"
                  onClick={() => void open(group)}
                  className="flex min-w-0 flex-1 items-center gap-2 rounded-xl px-2 py-1 text-left hover:bg-accent-soft"
                >
                  <FolderOpen className="size-4 shrink-0 text-accent-ink" aria-hidden />
                  <span className="min-w-0">
                    <span className="block truncate font-semibold text-heading">
                      <bdi>{group.group_name}</bdi>
                    </span>
                    <span className="block truncate text-[0.8rem] text-muted">
                      {t('recentFacts', { steps: group.step_count, version: group.version })} ·{' '}
                      {formatTime(group.updated_at)}
                    </span>
                  </span>
                </button>
                <IconButton
                  icon={Trash2}
                  label={t('deleteGroup', { name: group.group_name })}
                  onClick={() => void remove(group)}
                />
              </li>
            ))}
          </ul>
        )}
      </QueryPanel>
    </section>
  )
}
