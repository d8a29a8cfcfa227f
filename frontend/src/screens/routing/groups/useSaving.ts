/** Where and how the active routing is saved: as a group on the server, as a file, to the clipboard. */
import { useState } from 'react'
import { describeError } from '@/api/errors'
import { useWorkflow } from '@/api/workflow'
import { copyText, downloadFile, safeFileName } from '@/ui/files'
import { notify } from '@/ui/toasts'
import { commonText } from '@/i18n/common'
import { FORMATS, sheetOf, textOf, type Format } from '../exports/formats'
import { activeDocument, useRouting } from '../store/routingStore'
import { routingText } from '../texts'
import { groupName, type GroupSaved } from './groupContent'
import { exportGroup, saveGroup } from './useGroups'

export type Target = 'server' | 'local' | 'clipboard'

export function validGroupName(name: string): boolean {
  const length = groupName(name).length
  return length >= 2 && length <= 64
}

/** The file of the format in the export folder of the server, beside the group itself. */
async function writeServerFile(saved: GroupSaved, format: Format) {
  try {
    // An Access file can only be written where Access is; Access reads the CSV as external data.
    const forAccess = format === 'access'
    const file = await exportGroup(saved.group_id, forAccess ? 'csv' : format)
    notify('info', routingText(forAccess ? 'exportedForAccess' : 'exportedServer', { path: file.path }))
  } catch (error) {
    notify('bad', routingText('exportFailed', { reason: describeError(error) }))
  }
}

export function useSaving() {
  const workflow = useWorkflow()
  const [busy, setBusy] = useState(false)

  const save = async (target: Target, format: Format, name: string) => {
    const document = activeDocument(useRouting.getState())
    if (!document || document.operations.present.length === 0) {
      notify('info', routingText('nothingToSave'))
      return
    }
    setBusy(true)
    try {
      if (target === 'server') {
        const saved = await saveGroup(document, { name, format, erpRequired: false })
        if (!saved) return
        notify('good', routingText('savedServer', { name: saved.group_name, version: saved.version }))
        await writeServerFile(saved, format)
        return
      }
      const sheet = sheetOf(document, workflow.data)
      const facts = FORMATS.find((one) => one.value === format)
      if (!facts) return
      if (target === 'clipboard') {
        // The byte order mark belongs to files: pasted text would begin with a sign that nobody sees.
        const copied = await copyText(textOf(sheet, format).replace(/^\uFEFF/, ''))
        if (!copied) notify('bad', commonText('copyFailed'))
        else
          notify(
            'good',
            format === 'excel'
              ? routingText('binaryClipboard')
              : routingText('savedClipboard', { format: facts.label }),
          )
        return
      }
      const file = `${safeFileName(groupName(name) || document.candidateId)}.${facts.extension}`
      const content =
        format === 'excel' ? (await import('../exports/xlsx')).toXlsx(sheet) : textOf(sheet, format)
      downloadFile(file, content, facts.mime)
      notify('good', routingText('savedFile', { file }))
    } catch (error) {
      notify('bad', describeError(error))
    } finally {
      setBusy(false)
    }
  }
  return { save, busy, erpEnabled: workflow.data?.export.erp_interface_enabled === true }
}
