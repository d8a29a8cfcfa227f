/** 그룹 저장 및 인터페이스: name, format, target, save, load, recent groups, INTERFACE. */
import { ClipboardCopy, Download, Save, Settings2 } from 'lucide-react'
import { useRef, useState } from 'react'
import { useWorkflow } from '@/api/workflow'
import { Button } from '@/ui/Button'
import { Card } from '@/ui/Card'
import { Choice } from '@/ui/Choice'
import { TextField } from '@/ui/Field'
import { useSaveKey } from '@/ui/useSaveKey'
import { FORMATS } from '../exports/formats'
import { activeDocument, useRouting } from '../store/routingStore'
import { useRoutingText } from '../texts'
import { useInterface } from './interfaceState'
import { LoadGroup } from './LoadGroup'
import { RecentGroups } from './RecentGroups'
import { suggestedName, useSaveOptions, validGroupName, type Target } from './saveOptions'
import { saveOne, useSavingState } from './useSaving'

const TARGETS: readonly { value: Target; label: string }[] = [
  { value: 'server', label: 'Server' },
  { value: 'local', label: 'Local' },
  { value: 'clipboard', label: 'Clipboard' },
]

/** The name of the active routing's group: what was typed, else what is suggested. */
function useGroupName() {
  const document = useRouting(activeDocument)
  const typed = useRouting((state) => (document ? state.groupNames[document.id] : undefined))
  const name = typed ?? (document ? suggestedName(document) : '')
  return {
    document,
    name,
    setName: (text: string) => document && useRouting.getState().nameGroup(document.id, text),
  }
}

export function GroupPanel() {
  const t = useRoutingText()
  const { document, name, setName } = useGroupName()
  const { format, target } = useSaveOptions()
  const busy = useSavingState((state) => state.busy)
  const erpEnabled = useWorkflow().data?.export.erp_interface_enabled === true
  const nameField = useRef<HTMLInputElement>(null)
  const [tried, setTried] = useState(false)
  const nameOk = validGroupName(name)
  const label = (value: string) =>
    [...FORMATS, ...TARGETS].find((option) => option.value === value)?.label ?? value

  const start = (where: Target) => {
    setTried(where === 'server')
    if (where === 'server' && document && !nameOk) {
      // What is wrong is shown at the field, wherever the page has been scrolled to.
      nameField.current?.focus({ preventScroll: true })
      nameField.current?.scrollIntoView({ block: 'center' })
      return
    }
    // What the key before this one has changed is saved, too.
    void saveOne(activeDocument(useRouting.getState()), where)
  }

  useSaveKey(() => start(target))

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
          ref={nameField}
          label={t('groupName')}
          placeholder={t('groupNamePlaceholder')}
          maxLength={64}
          value={name}
          error={(tried || name !== '') && document && !nameOk ? t('groupNameError') : undefined}
          onChange={(event) => setName(event.target.value)}
        />
        <Choice
          label={t('format')}
          value={format}
          options={FORMATS}
          onChange={(chosen) => useSaveOptions.setState({ format: chosen })}
        />
        <Choice
          label={t('target')}
          value={target}
          options={TARGETS}
          onChange={(chosen) => useSaveOptions.setState({ target: chosen })}
        />
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
            if (document && nameOk) useInterface.setState({ codes: [document.itemCode] })
            else nameField.current?.focus()
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
    </Card>
  )
}
