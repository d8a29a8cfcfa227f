/** The saved profiles of one kind as cards; the chosen one is marked. */
import { Download, Plus, Upload } from 'lucide-react'
import { descriptionOf } from '@/api/mapping'
import { Button } from '@/ui/Button'
import { Badge } from '@/ui/Card'
import { Empty, QueryPanel } from '@/ui/PanelState'
import { formatTime } from '@/i18n/format'
import { useIsAdmin } from '@/session/session'
import { useMappingText } from './texts'
import type { ProfileEditor } from './useProfileEditor'

interface ProfileListProps<Profile extends { name: string }> {
  editor: ProfileEditor<Profile>
  className?: string
}

export function ProfileList<Profile extends { name: string }>({
  editor,
  className,
}: ProfileListProps<Profile>) {
  const t = useMappingText()
  const isAdmin = useIsAdmin()
  return (
    <div>
      <div className="mb-3 flex flex-wrap gap-2">
        {isAdmin && (
          <>
            <Button size="sm" icon={Plus} disabled={!editor.profile} onClick={() => void editor.copy()}>
              {t('newProfile')}
            </Button>
            <Button size="sm" icon={Upload} onClick={() => void editor.importFile()}>
              {t('import')}
            </Button>
          </>
        )}
        <Button size="sm" icon={Download} onClick={() => void editor.exportFile()}>
          {t('export')}
        </Button>
      </div>
      <QueryPanel
        query={editor.profiles}
        isEmpty={(data) => data.length === 0}
        empty={<Empty title={t('empty')} />}
      >
        {(data) => (
          <ul className={className ?? 'flex flex-col gap-2'}>
            {data.map((profile) => (
              <li key={profile.name}>
                <button
                  type="button"
                  aria-pressed={profile.name === editor.shown && !editor.isNew}
                  onClick={() => void editor.open(profile.name)}
                  className="tile w-full px-3 py-2 text-left hover:border-accent-strong"
                >
                  <span className="flex flex-wrap items-center gap-2">
                    <span className="font-semibold text-heading">{profile.name}</span>
                    {profile.active && <Badge tone="good">{t('active')}</Badge>}
                    {profile.built_in && <Badge>{t('builtIn')}</Badge>}
                    {!profile.valid && <Badge tone="bad">{t('invalid')}</Badge>}
                  </span>
                  {profile.description && (
                    <span className="block text-[0.84rem] text-muted">{descriptionOf(profile)}</span>
                  )}
                  {profile.updated_at && (
                    <span className="block text-[0.8rem] text-muted">
                      {t('updated', { time: formatTime(profile.updated_at) })}
                    </span>
                  )}
                </button>
              </li>
            ))}
            {editor.isNew && (
              <li className="tile px-3 py-2" data-selected>
                <span className="font-semibold text-heading">{editor.profile?.name}</span>{' '}
                <Badge tone="accent">{t('unsaved')}</Badge>
              </li>
            )}
          </ul>
        )}
      </QueryPanel>
    </div>
  )
}
