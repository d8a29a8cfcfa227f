/** Saving, loading and deleting routing groups, with the questions that a clash raises. */
import { useQuery } from '@tanstack/react-query'
import { request, send } from '@/api/client'
import { ApiError, statusOf } from '@/api/errors'
import { queryClient } from '@/api/queryClient'
import type { components } from '@/api/schema'
import { ask } from '@/ui/confirm'
import { downloadAnswer } from '@/ui/files'
import type { Format } from '../exports/formats'
import type { RoutingDocument } from '../store/routingDocument'
import { useRouting } from '../store/routingStore'
import { routingText } from '../texts'
import {
  contentOf,
  groupName,
  operationsOf,
  type GroupFull,
  type GroupSaved,
  type GroupSummary,
} from './groupContent'

const PATH = '/api/routing/groups'
const KEY = ['routing-groups']

interface Page {
  items: GroupSummary[]
  pagination: { limit: number; offset: number; total: number }
}

export function useRecentGroups() {
  return useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => request<Page>('get', PATH, { query: { limit: 20 }, signal }),
  })
}

export function readGroup(id: string): Promise<GroupFull> {
  return request<GroupFull>('get', `${PATH}/${encodeURIComponent(id)}`)
}

async function findByName(name: string): Promise<GroupSummary | undefined> {
  const page = await request<Page>('get', PATH, { query: { limit: 200, search: name } })
  return page.items.find((group) => group.group_name.toLowerCase() === groupName(name).toLowerCase())
}

/** Opens a group by id or, failing that, by name. Null when there is none. */
export async function openGroup(idOrName: string): Promise<GroupSaved | null> {
  const text = idOrName.trim()
  let id = text
  if (!/^[0-9a-f]{8}-[0-9a-f-]{27}$/i.test(text)) {
    const found = await findByName(text)
    if (!found) return null
    id = found.group_id
  }
  try {
    const group = await readGroup(id)
    show(group)
    return group
  } catch (error) {
    if (statusOf(error) === 404) return null
    throw error
  }
}

function show(group: GroupFull) {
  const { group_id, group_name, version } = group
  useRouting
    .getState()
    .openGroup({ id: group_id, name: group_name, version }, group.item_codes[0] ?? '', operationsOf(group))
}

export interface SaveOptions {
  name: string
  format: Format
  erpRequired: boolean
  /** Asks nothing: a name that is taken gets a number, a change by somebody else is an error. */
  quiet?: boolean
}

/** Saves a routing as a group. Null when the person decided not to. */
export async function saveGroup(document: RoutingDocument, options: SaveOptions): Promise<GroupSaved | null> {
  const content = contentOf(document, options.name, options.format, options.erpRequired)
  const own = document.group && document.group.name === content.group_name ? document.group : null
  const saved = own
    ? await replace(own.id, own.version, content, document, options)
    : await create(content, document, options)
  if (saved) {
    useRouting
      .getState()
      .markSaved(
        document.id,
        { id: saved.group_id, name: saved.group_name, version: saved.version },
        document.operations.present,
      )
    void queryClient.invalidateQueries({ queryKey: KEY })
  }
  return saved
}

type Content = ReturnType<typeof contentOf>

async function create(
  content: Content,
  document: RoutingDocument,
  options: SaveOptions,
): Promise<GroupSaved | null> {
  try {
    return await request<GroupSaved>('post', PATH, { body: content })
  } catch (error) {
    if (statusOf(error) !== 409) throw error
    if (options.quiet) return createUnderFreeName(content)
    const answer = await ask({
      title: routingText('nameTakenTitle'),
      text: routingText('nameTakenText', { name: content.group_name }),
      choices: [{ value: 'overwrite', label: routingText('overwrite'), danger: true }],
    })
    if (answer !== 'overwrite') return null
    const existing = await findByName(content.group_name)
    if (!existing) throw error
    return replace(existing.group_id, existing.version, content, document, options)
  }
}

const MOST_TRIES = 5

/** Under the name with the next number; another one where somebody else took it in the same moment. */
async function createUnderFreeName(content: Content): Promise<GroupSaved> {
  for (let attempt = 1; ; attempt++) {
    const group_name = await freeName(content.group_name)
    try {
      return await request<GroupSaved>('post', PATH, { body: { ...content, group_name } })
    } catch (error) {
      if (statusOf(error) !== 409 || attempt === MOST_TRIES) throw error
    }
  }
}

async function replace(
  id: string,
  version: number,
  content: Content,
  document: RoutingDocument,
  options: SaveOptions,
): Promise<GroupSaved | null> {
  try {
    return await request<GroupSaved>('put', `${PATH}/${id}`, { body: { ...content, version } })
  } catch (error) {
    if (statusOf(error) === 404) return create(content, document, options)
    if (!(error instanceof ApiError) || error.status !== 409 || options.quiet) throw error
    return settleConflict(id, version, content, document, options)
  }
}

async function settleConflict(
  id: string,
  version: number,
  content: Content,
  document: RoutingDocument,
  options: SaveOptions,
): Promise<GroupSaved | null> {
  const current = await readGroup(id)
  const answer = await ask({
    title: routingText('conflictTitle'),
    text: routingText('conflictText', { mine: version, theirs: current.version }),
    choices: [
      { value: 'theirs', label: routingText('conflictTheirs') },
      { value: 'copy', label: routingText('conflictCopy') },
      { value: 'mine', label: routingText('conflictMine'), danger: true },
    ],
  })
  if (answer === 'mine') return replace(id, current.version, content, document, options)
  if (answer === 'copy')
    return create({ ...content, group_name: await freeName(content.group_name) }, document, options)
  if (answer === 'theirs') show(current)
  return null
}

/** The name with the first number after it that no group has. */
async function freeName(name: string): Promise<string> {
  const page = await request<Page>('get', PATH, { query: { limit: 200, search: name } })
  const taken = new Set(page.items.map((group) => group.group_name.toLowerCase()))
  for (let number = 2; ; number++) {
    const candidate = `${[...name].slice(0, 58).join('')} (${number})`
    if (!taken.has(candidate.toLowerCase())) return candidate
  }
}

export function exportGroup(id: string, format: Exclude<Format, 'access'>) {
  return request<components['schemas']['GroupExportModel']>('post', `${PATH}/${id}/export`, {
    query: { format, target: 'server' },
  })
}

/** The file of a group, into the folder of downloads. */
export async function downloadGroup(id: string, format: Exclude<Format, 'access'>) {
  const answer = await send('post', `${PATH}/${id}/export`, { query: { format, target: 'download' } })
  await downloadAnswer(answer, `routing.${format}`)
}

export async function deleteGroup(id: string) {
  await request('delete', `${PATH}/${id}`)
  void queryClient.invalidateQueries({ queryKey: KEY })
}
