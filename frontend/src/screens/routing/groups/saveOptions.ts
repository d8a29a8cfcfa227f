/** How routings are saved: format and place, and the names that groups get. */
import { create } from 'zustand'
import type { Format } from '../exports/formats'
import type { RoutingDocument } from '../store/routingDocument'
import { useRouting } from '../store/routingStore'
import { groupName } from './groupContent'

export type Target = 'server' | 'local' | 'clipboard'

interface SaveOptions {
  format: Format
  target: Target
}

export const useSaveOptions = create<SaveOptions>(() => ({ format: 'csv', target: 'server' }))

const LONGEST_NAME = 64

/** The item and the day: what a planner looks a routing up by. */
export function suggestedName(
  document: Pick<RoutingDocument, 'itemCode' | 'group'>,
  now = new Date(),
): string {
  if (document.group) return document.group.name
  const day = [now.getFullYear(), now.getMonth() + 1, now.getDate()]
    .map((part) => String(part).padStart(2, '0'))
    .join('-')
  return groupName(`${[...document.itemCode].slice(0, LONGEST_NAME - day.length - 1).join('')} ${day}`)
}

/** What was typed for a routing, else what is suggested. */
export function nameOf(document: RoutingDocument): string {
  return useRouting.getState().groupNames[document.id] ?? suggestedName(document)
}

export function validGroupName(name: string): boolean {
  const length = groupName(name).length
  return length >= 2 && length <= LONGEST_NAME
}
