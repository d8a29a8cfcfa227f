/** Access connection test, and the ERP interface. */
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { CircleCheck, CircleX, PlugZap, Shield, ShieldAlert } from 'lucide-react'
import { noticeOf, send } from '@/api/client'
import type { components } from '@/api/schema'
import { Button } from '@/ui/Button'
import { Card } from '@/ui/Card'
import { CheckField, SelectField, TextArea, TextField } from '@/ui/Field'
import { Failed } from '@/ui/PanelState'
import { formatNumber } from '@/i18n/format'
import { noticeText } from '@/i18n/notices'
import { useOptionsText } from './texts'
import type { SettingsDraft } from './useSettingsDraft'

/** How the ERP takes routings: as a file in the export folder, or by a push to its address. */
const ERP_PROTOCOLS = ['csv', 'json', 'xml', 'http', 'http-json', 'http-xml', 'http-csv']
const ENCODINGS = ['utf-8', 'utf-8-sig', 'cp949', 'euc-kr', 'shift_jis']

export function AccessPanel({ draft, readOnly }: { draft: SettingsDraft; readOnly: boolean }) {
  const t = useOptionsText()
  const path = draft.value<string>('data_source', 'access_path') ?? ''
  const table = draft.value<string>('data_source', 'default_table') ?? ''
  const test = useMutation({
    mutationFn: async (tested: { path: string; table: string }) => {
      const body = { path: tested.path, table: tested.table || undefined }
      const answer = await send('post', '/api/access/connection/test', { body })
      const found = (await answer.json()) as components['schemas']['AccessConnectionResponse']
      return { ...found, notice: noticeOf(answer) }
    },
  })
  // What was found of another path or table says nothing of this one.
  const current = test.variables?.path === path && test.variables.table === table
  const protocol = draft.value<string | null>('export', 'erp_protocol') ?? ''
  const encoding = draft.value<string>('export', 'default_encoding') ?? 'utf-8'
  const text = (section: 'data_source' | 'export', key: string, empty: string | null = '') => ({
    value: draft.value<string | null>(section, key) ?? '',
    onChange: (event: { target: { value: string } }) =>
      draft.set(section, { [key]: event.target.value || empty }),
  })

  return (
    <Card title={t('access')} description={t('accessAbout')}>
      <div className="grid gap-4 lg:grid-cols-[1fr_1fr_2fr]">
        <div className="tile p-4">
          <Shield className="mb-2 size-6 text-accent-ink" aria-hidden />
          <h3 className="text-[0.95rem]">{t('erpCard')}</h3>
          <p className="mb-3 text-[0.88rem]">{t('erpCardAbout')}</p>
          <fieldset disabled={readOnly} className="flex flex-col gap-3">
            <CheckField
              label={t('erpEnable')}
              hint={t('erpEnableHint')}
              checked={draft.value<boolean>('export', 'erp_interface_enabled') ?? false}
              onChange={(event) => draft.set('export', { erp_interface_enabled: event.target.checked })}
            />
            <SelectField
              label={t('erpProtocol')}
              value={protocol}
              options={[...new Set(['', ...ERP_PROTOCOLS, protocol])].map((name) => ({
                value: name,
                label: name ? t(name.startsWith('http') ? 'erpPush' : 'erpFile', { name }) : '–',
              }))}
              onChange={(event) => draft.set('export', { erp_protocol: event.target.value || null })}
            />
            <TextField
              label={t('erpEndpoint')}
              placeholder="http://erp.plant.local/routing"
              {...text('export', 'erp_endpoint', null)}
            />
          </fieldset>
        </div>
        <div className="tile p-4">
          <ShieldAlert className="mb-2 size-6 text-accent-ink" aria-hidden />
          <h3 className="text-[0.95rem]">{t('guardCard')}</h3>
          <p className="text-[0.88rem]">{t('guardCardAbout')}</p>
        </div>
        <div className="flex min-w-0 flex-col gap-3">
          <TextField
            label={t('accessPath')}
            hint={t('accessPathHint')}
            placeholder="\\Share\Routing\ROUTING.accdb"
            disabled={readOnly}
            spellCheck={false}
            {...text('data_source', 'access_path')}
          />
          <TextField
            label={t('accessTable')}
            disabled={readOnly}
            spellCheck={false}
            {...text('data_source', 'default_table')}
          />
          <div>
            <Button
              icon={PlugZap}
              busy={test.isPending}
              disabled={!path}
              onClick={() => test.mutate({ path, table })}
            >
              {t('test')}
            </Button>
          </div>
          {current && test.isError && <Failed error={test.error} />}
          {current && test.data && (
            <div
              role="status"
              className={`tile flex items-start gap-2 p-3 ${test.data.ok ? 'border-good/50' : 'border-bad/50'}`}
            >
              {test.data.ok ? (
                <CircleCheck className="size-5 shrink-0 text-good" aria-hidden />
              ) : (
                <CircleX className="size-5 shrink-0 text-bad" aria-hidden />
              )}
              <div className="min-w-0 text-[0.88rem]">
                <div className="font-semibold text-heading">{t(test.data.ok ? 'testOk' : 'testFailed')}</div>
                <p className="break-words">{noticeText(test.data.message, test.data.notice)}</p>
                {test.data.elapsed_ms != null && (
                  <p className="text-muted">
                    {t('testElapsed', {
                      ms: formatNumber(test.data.elapsed_ms, 0),
                      table: test.data.verified_table ?? '–',
                    })}
                  </p>
                )}
                {!!test.data.table_profiles?.length && (
                  <p className="text-muted">
                    {t('testTables', { tables: test.data.table_profiles.join(', ') })}
                  </p>
                )}
              </div>
            </div>
          )}
          <div className="grid gap-3 sm:grid-cols-2">
            {(['allowed_folders', 'allowed_servers'] as const).map((key) => (
              <LinesField
                key={key}
                label={t(key === 'allowed_folders' ? 'allowedFolders' : 'allowedServers')}
                hint={t(key === 'allowed_folders' ? 'allowedFoldersHint' : 'allowedServersHint')}
                disabled={readOnly}
                lines={draft.value<string[]>('access', key) ?? []}
                onChange={(lines) => draft.set('access', { [key]: lines })}
              />
            ))}
          </div>
          <div className="grid gap-3 sm:grid-cols-2">
            <TextField
              label={t('exportDirectory')}
              disabled={readOnly}
              spellCheck={false}
              {...text('export', 'export_directory')}
            />
            <SelectField
              label={t('encoding')}
              disabled={readOnly}
              value={encoding}
              options={[...new Set([...ENCODINGS, encoding])].map((name) => ({ value: name, label: name }))}
              onChange={(event) => draft.set('export', { default_encoding: event.target.value })}
            />
          </div>
        </div>
      </div>
    </Card>
  )
}

interface LinesFieldProps {
  label: string
  hint: string
  disabled: boolean
  lines: string[]
  onChange: (lines: string[]) => void
}

/** A list with one entry a line; empty lines are no entries. */
function LinesField({ label, hint, disabled, lines, onChange }: LinesFieldProps) {
  const [typed, setTyped] = useState('')
  const same = entries(typed).join('\n') === lines.join('\n')
  return (
    <TextArea
      label={label}
      hint={hint}
      rows={3}
      mono
      disabled={disabled}
      spellCheck={false}
      value={same ? typed : lines.join('\n')}
      onChange={(event) => {
        setTyped(event.target.value)
        onChange(entries(event.target.value))
      }}
    />
  )
}

function entries(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
}
