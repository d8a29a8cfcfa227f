/** 그룹 저장 및 인터페이스: name, format, target, save, load, recent groups, INTERFACE. */
import { ClipboardCopy, Download, Save, Settings2 } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Button } from '@/ui/Button'
import { Card } from '@/ui/Card'
import { Choice } from '@/ui/Choice'
import { TextField } from '@/ui/Field'
import { FORMATS, type Format } from '../exports/formats'
import { activeDocument, useRouting } from '../store/routingStore'
import { useRoutingText } from '../texts'
import { InterfaceDialog } from './InterfaceDialog'
import { LoadGroup } from './LoadGroup'
import { RecentGroups } from './RecentGroups'
import { useSaving, validGroupName, type Target } from './useSaving'

const TARGETS: readonly { value: Target; label: string }[] = [
  { value: 'server', label: 'Server' },
  { value: 'local', label: 'Local' },
  { value: 'clipboard', label: 'Clipboard' },
]

/** The name follows the active tab until it is typed over. */
function useGroupName() {
  const document = useRouting(activeDocument)
  const suggestion = document?.group?.name ?? ''
  const [typed, setTyped] = useState<{ forId: string | undefined; name: string } | null>(null)
  const name = typed && typed.forId === document?.id ? typed.name : suggestion
  return { name, setName: (text: string) => setTyped({ forId: document?.id, name: text }) }
}

export function GroupPanel() {
  const t = useRoutingText()
  const { name, setName } = useGroupName()
  const [format, setFormat] = useState<Format>('csv')
  const [target, setTarget] = useState<Target>('server')
  const [tried, setTried] = useState(false)
  const [interfacing, setInterfacing] = useState(false)
  const { save, busy, erpEnabled } = useSaving()
  const nameOk = validGroupName(name)
  const label = (value: string) =>
    [...FORMATS, ...TARGETS].find((option) => option.value === value)?.label ?? value

  const start = (where: Target) => {
    setTried(where === 'server')
    if (where !== 'server' || nameOk) void save(where, format, name)
  }

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 's') {
        event.preventDefault()
        start(target)
      }
    }
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  })

  return (
    <Card title={t('group')} description={t('groupAbout')}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          start(target)
        }}
      >
        <TextField
          label={t('groupName')}
          placeholder={t('groupNamePlaceholder')}
          maxLength={64}
          value={name}
          error={tried && !nameOk ? t('groupNameError') : undefined}
          onChange={(event) => setName(event.target.value)}
        />
        <Choice label={t('format')} value={format} options={FORMATS} onChange={setFormat} />
        <Choice label={t('target')} value={target} options={TARGETS} onChange={setTarget} />
        <Button type="submit" variant="primary" icon={Save} busy={busy}>
          {t('saveAs', { format: label(format), target: label(target).toUpperCase() })}
        </Button>
        <div className="grid grid-cols-2 gap-2">
          <Button size="sm" icon={Download} onClick={() => start('local')}>
            {t('saveLocal')}
          </Button>
          <Button size="sm" icon={ClipboardCopy} onClick={() => start('clipboard')}>
            {t('saveClipboard')}
          </Button>
        </div>
        <Button
          icon={Settings2}
          disabled={!erpEnabled}
          title={erpEnabled ? undefined : t('interfaceHint')}
          onClick={() => {
            setTried(true)
            if (nameOk) setInterfacing(true)
          }}
        >
          {t('interface')}
          {!erpEnabled && <span className="text-[0.82rem] font-normal">{t('interfaceOff')}</span>}
        </Button>
        {!erpEnabled && <p className="text-[0.82rem] text-muted">{t('interfaceHint')}</p>}
      </form>
      <div className="mt-4 flex flex-col gap-4 border-t border-line pt-4">
        <LoadGroup />
        <RecentGroups />
      </div>
      {interfacing && <InterfaceDialog name={name} format={format} onClose={() => setInterfacing(false)} />}
    </Card>
  )
}
