/** Saving one routing or many: as groups on the server, as a file, to the clipboard. One save at a time. */
import { create } from 'zustand'
import { describeError, isOffline } from '@/api/errors'
import { queryClient } from '@/api/queryClient'
import { WORKFLOW_KEY, type PlantSettings } from '@/api/workflow'
import { copyText, downloadFile, safeFileName } from '@/ui/files'
import { fetchPart } from '@/ui/scripts'
import { notify } from '@/ui/toasts'
import { commonText } from '@/i18n/common'
import { FORMATS, joined, sheetOf, textOf, type Format } from '../exports/formats'
import type { RoutingDocument } from '../store/routingDocument'
import { useRouting } from '../store/routingStore'
import { chosenOf } from '../store/work'
import { routingText } from '../texts'
import { groupName, type GroupSaved } from './groupContent'
import { nameOf, useSaveOptions, validGroupName } from './saveOptions'
import { downloadGroup, exportGroup, saveGroup } from './useGroups'

export interface Failure {
  code: string
  reason: string
}

interface SavingState {
  busy: boolean
  /** Of a save of many. */
  progress: { done: number; all: number } | null
  /** What the last save of many could not save. */
  failures: readonly Failure[]
}

export const useSavingState = create<SavingState>(() => ({ busy: false, progress: null, failures: [] }))

/** Does one piece of saving; another one that is asked for meanwhile is not begun. */
async function exclusively(work: () => Promise<void>) {
  if (useSavingState.getState().busy) return
  useSavingState.setState({ busy: true })
  try {
    await work()
  } catch (error) {
    notify('bad', describeError(error))
  } finally {
    useSavingState.setState({ busy: false, progress: null })
  }
}

/** The file of the format in the export folder of the server, beside the group itself, offered as a download. */
async function writeServerFile(saved: GroupSaved, format: Format) {
  try {
    // An Access file can only be written where Access is; Access reads the CSV as external data.
    const forAccess = format === 'access'
    const kind = forAccess ? 'csv' : format
    const file = await exportGroup(saved.group_id, kind)
    notify(
      'info',
      routingText(forAccess ? 'exportedForAccess' : 'exportedServer', { path: file.file_name }),
      {
        label: routingText('downloadIt'),
        run: () =>
          void downloadGroup(saved.group_id, kind).catch((error: unknown) =>
            notify('bad', describeError(error)),
          ),
      },
    )
  } catch (error) {
    notify('bad', routingText('exportFailed', { reason: describeError(error) }))
  }
}

function formatFacts(format: Format) {
  return FORMATS.find((one) => one.value === format)
}

function settings(): PlantSettings | undefined {
  return queryClient.getQueryData<PlantSettings>(WORKFLOW_KEY)
}

function present(document: RoutingDocument | null): document is RoutingDocument {
  return document !== null && document.operations.present.length > 0
}

/** Saves one routing where the options say. */
export function saveOne(document: RoutingDocument | null, target = useSaveOptions.getState().target) {
  return exclusively(async () => {
    if (!present(document)) {
      notify('info', routingText('nothingToSave'))
      return
    }
    const { format } = useSaveOptions.getState()
    if (target === 'server') {
      const name = nameOf(document)
      if (!validGroupName(name)) {
        notify('bad', routingText('groupNameError'))
        return
      }
      const saved = await saveGroup(document, { name, format, erpRequired: false })
      if (!saved) return
      notify('good', routingText('savedServer', { name: saved.group_name, version: saved.version }))
      await writeServerFile(saved, format)
    } else if (target === 'clipboard') await copyRoutings([document], format)
    else await downloadRoutings([document], format)
  })
}

/**
 * Saves the routings of many items as groups, one after the other. A session that ends waits for the log-in and goes on;
 * when the server is away the rest stays as it is. What could not be saved is kept with its reason.
 */
export function saveMany(codes: readonly string[]) {
  return exclusively(async () => {
    const failures: Failure[] = []
    const { format } = useSaveOptions.getState()
    const all = codes.length
    let saved = 0
    useSavingState.setState({ failures, progress: { done: 0, all } })
    for (const [place, code] of codes.entries()) {
      const { documents, work } = useRouting.getState()
      const document = chosenOf(documents, work, code)
      try {
        if (!present(document)) throw new Error(routingText('nothingToSave'))
        const name = nameOf(document)
        await saveGroup(document, { name, format, erpRequired: false, quiet: true })
        saved += 1
      } catch (error) {
        if (isOffline(error)) {
          notify('bad', routingText('savedSome', { saved, left: all - place }))
          break
        }
        failures.push({ code, reason: describeError(error) })
      }
      useSavingState.setState({ failures: [...failures], progress: { done: saved, all } })
    }
    if (saved > 0) notify('good', routingText('savedMany', { count: saved }))
  })
}

/** Routings as one file of this browser. */
export async function downloadRoutings(documents: readonly RoutingDocument[], format: Format) {
  const facts = formatFacts(format)
  if (!facts || documents.length === 0) return
  const sheet = joined(documents.map((document) => sheetOf(document, settings())))
  const [first] = documents
  const named = documents.length === 1 && first ? nameOf(first) || first.candidateId : ''
  const name = groupName(named) || routingText('fileOfMany', { count: documents.length })
  const file = `${safeFileName(name)}.${facts.extension}`
  const content =
    format === 'excel'
      ? (await fetchPart(() => import('../exports/xlsx'))).toXlsx(sheet)
      : textOf(sheet, format)
  downloadFile(file, content, facts.mime)
  notify('good', routingText('savedFile', { file }))
}

async function copyRoutings(documents: readonly RoutingDocument[], format: Format) {
  const sheet = joined(documents.map((document) => sheetOf(document, settings())))
  // The byte order mark belongs to files: pasted text would begin with a sign that nobody sees.
  const copied = await copyText(textOf(sheet, format).replace(/^\uFEFF/, ''))
  if (!copied) notify('bad', commonText('copyFailed'))
  else
    notify(
      'good',
      format === 'excel'
        ? routingText('binaryClipboard')
        : routingText('savedClipboard', { format: formatFacts(format)?.label ?? format }),
    )
}

/** The chosen routings of items that have one; those that have none are named. */
export function routingsFor(codes: readonly string[]): RoutingDocument[] {
  const { documents, work } = useRouting.getState()
  const routings = codes.map((code) => chosenOf(documents, work, code)).filter(present)
  const without = codes.filter((code) => !routings.some((routing) => routing.itemCode === code))
  if (routings.length > 0 && without.length > 0)
    notify('info', routingText('leftWithoutRouting', { codes: without.slice(0, MOST_NAMED).join(', ') }))
  return routings
}

const MOST_NAMED = 10

export function exportMany(codes: readonly string[]) {
  return exclusively(() => downloadRoutings(routingsFor(codes), useSaveOptions.getState().format))
}
