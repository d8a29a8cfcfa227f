/** 데이터 출력 설정: output profiles, their columns, and a preview of the real output. */
import type { OutputProfile } from '@/api/mapping'
import { useWorkflow } from '@/api/workflow'
import { ActivationNotice, ProfileActions } from '@/screens/mapping/ProfileActions'
import { ProfileList } from '@/screens/mapping/ProfileList'
import { useMappingText } from '@/screens/mapping/texts'
import { useProfileEditor } from '@/screens/mapping/useProfileEditor'
import { Card } from '@/ui/Card'
import { SelectField, TextField } from '@/ui/Field'
import { QueryPanel } from '@/ui/PanelState'
import { ColumnTable } from './ColumnTable'
import { PreviewPanel } from './PreviewPanel'
import { useOutputText } from './texts'

const ENCODINGS = ['utf-8', 'utf-8-sig', 'cp949', 'euc-kr', 'shift_jis']

export default function DataOutputScreen() {
  const t = useOutputText()
  const m = useMappingText()
  const editor = useProfileEditor<OutputProfile>('output')
  const workflow = useWorkflow()
  const profile = editor.profile
  return (
    <div className="grid items-start gap-5 xl:grid-cols-[280px_minmax(0,1fr)]">
      <Card title={t('profiles')}>
        <ProfileList editor={editor} className="grid gap-2 sm:grid-cols-3 xl:grid-cols-1" />
      </Card>
      <div className="flex min-w-0 flex-col gap-5">
        <Card
          title={t('mapping')}
          description={t('mappingAbout')}
          actions={<ProfileActions editor={editor} />}
        >
          <ActivationNotice editor={editor} />
          {!profile ? (
            <QueryPanel query={editor.stored} after={editor.profiles} rows={8}>
              {() => null}
            </QueryPanel>
          ) : (
            <>
              {editor.readOnly && <p className="mb-2 text-[0.86rem] text-muted">{m('copyToEdit')}</p>}
              <fieldset disabled={editor.readOnly} className="mb-3 grid gap-3 sm:grid-cols-2 lg:grid-cols-4">
                <TextField
                  label={m('name')}
                  maxLength={100}
                  value={profile.name}
                  onChange={(event) => editor.change({ name: event.target.value })}
                />
                <TextField
                  label={m('description')}
                  maxLength={1000}
                  value={profile.description ?? ''}
                  onChange={(event) => editor.change({ description: event.target.value })}
                />
                <SelectField
                  label={t('encoding')}
                  value={profile.encoding}
                  options={[
                    { value: '', label: t('encodingDefault') },
                    ...[...new Set([...ENCODINGS, profile.encoding])]
                      .filter(Boolean)
                      .map((value) => ({ value, label: value })),
                  ]}
                  onChange={(event) => editor.change({ encoding: event.target.value })}
                />
                <TextField
                  label={t('nullText')}
                  maxLength={20}
                  value={profile.null_text}
                  onChange={(event) => editor.change({ null_text: event.target.value })}
                />
              </fieldset>
              <ColumnTable
                profile={profile}
                available={workflow.data?.sql.available_columns ?? []}
                readOnly={editor.readOnly}
                onChange={editor.change}
              />
            </>
          )}
        </Card>
        {profile && <PreviewPanel profile={profile} />}
      </div>
    </div>
  )
}
