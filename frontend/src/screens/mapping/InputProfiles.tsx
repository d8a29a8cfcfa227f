/** Input profiles: which table and column of the source each internal column comes from. */
import { currentLanguage } from '@/i18n'
import { noticeTexts } from '@/i18n/notices'
import {
  DndContext,
  DragOverlay,
  PointerSensor,
  useSensor,
  useSensors,
  type DragEndEvent,
} from '@dnd-kit/core'
import { useMutation } from '@tanstack/react-query'
import clsx from 'clsx'
import { FileSearch } from 'lucide-react'
import { useState } from 'react'
import {
  checkInputProfile,
  useSourceTable,
  type InputColumn,
  type InputProfile,
  type Role,
  type StoredProfile,
} from '@/api/mapping'
import { Button } from '@/ui/Button'
import { Choice } from '@/ui/Choice'
import { SelectField, TextField } from '@/ui/Field'
import { Failed, QueryPanel } from '@/ui/PanelState'
import { QUIET_DRAG } from '@/ui/quietDrag'
import { useIsAdmin } from '@/session/session'
import { EffectsNotice } from './EffectsNotice'
import { InputColumns } from './InputColumns'
import { ActivationNotice, ProfileActions } from './ProfileActions'
import { ProfileList } from './ProfileList'
import { SchemaFeatures } from './SchemaFeatures'
import { SourceColumns } from './SourceColumns'
import { useMappingText } from './texts'
import { useProfileEditor } from './useProfileEditor'

const ROLES: readonly Role[] = ['features', 'routing', 'results']
type Part = Role | 'schema'

export function InputProfiles() {
  const t = useMappingText()
  const editor = useProfileEditor<InputProfile>('input')
  return (
    <div className="grid gap-5 xl:grid-cols-[260px_minmax(0,1fr)]">
      <ProfileList editor={editor} className="grid gap-2 sm:grid-cols-3 xl:grid-cols-1" />
      <div className="min-w-0">
        <div className="mb-3 flex flex-wrap items-center gap-2">
          <ProfileActions editor={editor} />
        </div>
        {editor.copyToEdit && editor.profile && (
          <p className="mb-2 text-[0.86rem] text-muted">{t('copyToEdit')}</p>
        )}
        <ActivationNotice editor={editor} />
        {editor.profile ? (
          <>
            {editor.dirty ? (
              <EffectsNotice profile={editor.profile} />
            ) : (
              <StoredProblems stored={editor.stored.data} />
            )}
            <Editor profile={editor.profile} readOnly={editor.readOnly} onChange={editor.change} />
          </>
        ) : (
          <QueryPanel query={editor.stored} after={editor.profiles} rows={6}>
            {() => null}
          </QueryPanel>
        )}
      </div>
    </div>
  )
}

/** What keeps a stored profile from becoming active. */
function StoredProblems({ stored }: { stored: StoredProfile<InputProfile> | undefined }) {
  const t = useMappingText()
  const problems = noticeTexts(stored?.problems ?? [], stored?.problem_notices)
  if (problems.length === 0) return null
  return (
    <div role="status" className="mb-3 rounded-2xl border border-bad/40 bg-bad-soft px-4 py-2 text-[0.9rem]">
      <b>{t('storedProblems', { count: problems.length })}</b>
      <ul className="max-h-40 list-disc overflow-y-auto pl-5">
        {problems.map((problem, place) => (
          <li key={place}>{problem}</li>
        ))}
      </ul>
    </div>
  )
}

interface EditorProps {
  profile: InputProfile
  readOnly: boolean
  onChange: (change: Partial<InputProfile>) => void
}

function Editor({ profile, readOnly, onChange }: EditorProps) {
  const t = useMappingText()
  const isAdmin = useIsAdmin()
  const described =
    currentLanguage() === 'ko' && profile.description_ko !== undefined ? 'description_ko' : 'description'
  const [part, setPart] = useState<Part>('features')
  const role = part === 'schema' ? 'features' : part
  const sensors = useSensors(useSensor(PointerSensor, { activationConstraint: { distance: 5 } }))
  const table = profile.tables[role] ?? ''
  const source = useSourceTable(table)
  const check = useMutation({ mutationFn: () => checkInputProfile(profile) })
  const tables = [...new Set([...(source.data?.tables ?? []), table])].filter(Boolean)

  const changeColumn = (internal: string, change: Partial<InputColumn>) =>
    onChange({
      columns: profile.columns.map((column) =>
        column.role === role && column.internal === internal ? { ...column, ...change } : column,
      ),
    })
  const [dragged, setDragged] = useState<string | null>(null)
  const onDragEnd = (event: DragEndEvent) => {
    setDragged(null)
    if (event.over && !readOnly) changeColumn(String(event.over.id), { source: String(event.active.id) })
  }

  return (
    <DndContext
      sensors={sensors}
      accessibility={QUIET_DRAG}
      onDragStart={({ active }) => setDragged(String(active.id))}
      onDragCancel={() => setDragged(null)}
      onDragEnd={onDragEnd}
    >
      <div className="mb-3 grid gap-3 md:grid-cols-2">
        <TextField
          label={t('name')}
          maxLength={100}
          disabled={readOnly}
          value={profile.name}
          onChange={(event) => onChange({ name: event.target.value })}
        />
        <TextField
          label={t('description')}
          maxLength={1000}
          disabled={readOnly}
          value={profile[described] ?? ''}
          onChange={(event) => onChange({ [described]: event.target.value })}
        />
      </div>
      <div className="mb-3 flex flex-wrap items-end justify-between gap-3">
        <Choice
          label={t('scope')}
          value={part}
          options={[
            ...ROLES.map((value) => ({ value, label: t(`role.${value}`) })),
            { value: 'schema' as const, label: t('schema') },
          ]}
          onChange={setPart}
        />
        <SelectField
          label={t('table')}
          disabled={readOnly}
          value={table}
          options={tables.map((name) => ({ value: name, label: name }))}
          onChange={(event) => onChange({ tables: { ...profile.tables, [role]: event.target.value } })}
        />
        {isAdmin && (
          <Button icon={FileSearch} busy={check.isPending} onClick={() => check.mutate()}>
            {t('check')}
          </Button>
        )}
      </div>
      {check.isError && <Failed error={check.error} onRetry={() => check.mutate()} />}
      {check.data && (
        <div
          role="status"
          className={`mb-3 rounded-2xl border px-4 py-2 ${check.data.ok ? 'border-good/40 bg-good-soft' : 'border-bad/40 bg-bad-soft'}`}
        >
          {check.data.ok ? (
            t('checkOk')
          ) : (
            <>
              <b>{t('checkProblems', { count: check.data.problems.length })}</b>
              <ul className="max-h-40 list-disc overflow-y-auto pl-5 text-[0.88rem]">
                {noticeTexts(check.data.problems, check.data.problem_notices).map((problem) => (
                  <li key={problem}>{problem}</li>
                ))}
              </ul>
            </>
          )}
        </div>
      )}
      {part === 'schema' && (
        <SchemaFeatures
          profile={profile}
          found={source.data?.columns ?? []}
          readOnly={readOnly}
          onChange={onChange}
        />
      )}
      <div
        className={clsx(
          'grid gap-4',
          !readOnly && '2xl:grid-cols-[minmax(0,1fr)_220px]',
          part === 'schema' && 'hidden',
        )}
      >
        <InputColumns
          columns={profile.columns.filter((column) => column.role === role)}
          checked={check.data?.columns.filter((column) => column.role === role) ?? []}
          found={source.data?.columns ?? []}
          readOnly={readOnly}
          onChange={changeColumn}
        />
        {!readOnly && (
          <SourceColumns
            query={source}
            used={
              new Set(profile.columns.filter((column) => column.role === role).map((column) => column.source))
            }
          />
        )}
      </div>
      <DragOverlay dropAnimation={null}>
        {dragged && <span className="tile inline-block px-2 py-1 text-[0.84rem] shadow-card">{dragged}</span>}
      </DragOverlay>
    </DndContext>
  )
}
