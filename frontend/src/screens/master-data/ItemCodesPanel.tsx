/** Item codes to open as tabs. */
import { useState } from 'react'
import { parseItemCodes } from '@/screens/routing/inputs/parseItemCodes'
import { Button } from '@/ui/Button'
import { Card } from '@/ui/Card'
import { TextArea } from '@/ui/Field'
import { notify } from '@/ui/toasts'
import { useMaster } from './masterStore'
import { useMasterText } from './texts'

export function ItemCodesPanel() {
  const t = useMasterText()
  const [text, setText] = useState('')
  const parsed = parseItemCodes(text)
  const add = () => {
    if (parsed.codes.length === 0) return
    useMaster.getState().open(parsed.codes)
    if (parsed.cut > 0) notify('info', t('codesMany', { count: parsed.cut }))
    setText('')
  }
  return (
    <Card title={t('codes')} description={t('codesAbout')}>
      <TextArea
        label={t('codes')}
        hideLabel
        hint={t('codesHint')}
        rows={5}
        mono
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) add()
        }}
      />
      <Button variant="primary" className="mt-3 w-full" disabled={parsed.codes.length === 0} onClick={add}>
        {t('addTabs')}
      </Button>
    </Card>
  )
}
