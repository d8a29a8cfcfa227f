/** Input and output mapping profiles: several are saved, one of each kind is active. */
import { currentLanguage } from '@/i18n'
import type { Notice } from '@/i18n/notices'
import { useMutation, useQuery } from '@tanstack/react-query'
import { request } from './client'
import { plantChanged } from './plant'
import { queryClient } from './queryClient'
import type { components } from './schema'

type Schemas = components['schemas']

export type ProfileKind = 'input' | 'output'
export type SourceType = 'TEXT' | 'NUMBER' | 'INTEGER' | 'DATETIME' | 'BOOLEAN'
export type Role = 'features' | 'routing' | 'results'
export type Scalar = string | number | boolean | null

export interface InputColumn {
  internal: string
  role: Role
  source: string
  type: SourceType
  unit: string | null
  default: Scalar
  required: boolean
}

export type FeatureKind = 'identity' | 'category' | 'text' | 'number' | 'size' | 'flag' | 'date'

/** A feature of the plant's schema; what is left out has its usual value. */
export interface Feature {
  name: string
  kind: FeatureKind
  weight?: number
  active?: boolean
  label?: string
  label_ko?: string
  unit_from?: string
  group?: string
}

/** The plant's schema; what the screens do not edit travels along. */
export interface PlantSchema {
  name: string
  label?: string
  label_ko?: string
  features: Feature[]
  item?: { levels?: string[]; [role: string]: unknown }
  item_columns?: { name: string }[]
  weight_profiles?: Record<string, { factors?: Record<string, number>; [field: string]: unknown }>
  [part: string]: unknown
}

export interface InputProfile {
  name: string
  description?: string
  description_ko?: string
  tables: Record<Role, string>
  schema: PlantSchema
  columns: InputColumn[]
}

export type ProfileEffects = Schemas['ProfileEffectsResponse']

/** What it would mean that an edited profile takes the place of the active one. */
export function inputProfileEffects(profile: InputProfile, signal?: AbortSignal): Promise<ProfileEffects> {
  return request('post', '/api/mapping/input-profiles/effects', { body: { profile }, signal })
}

export type OutputType = 'text' | 'number' | 'integer' | 'date' | 'datetime' | 'boolean'

export interface OutputColumn {
  name: string
  source: string
  constant: Scalar
  type: OutputType
  format: string
  default: Scalar
  required: boolean
  minimum: number | null
  maximum: number | null
  max_length: number | null
  values: string[]
}

export interface OutputProfile {
  name: string
  description?: string
  columns: OutputColumn[]
  aliases: Record<string, string>
  encoding: string
  null_text: string
}

export type StoredProfile<Profile> = Schemas['ProfileModel'] & { profile: Profile | null }

/** What is said about a profile, in the language of the screen. */
export function descriptionOf(
  profile: Pick<StoredProfile<unknown>, 'description' | 'description_ko'>,
): string {
  return (currentLanguage() === 'ko' && profile.description_ko) || profile.description || ''
}

export interface CheckedColumn {
  role: Role
  table: string
  internal: string
  source: string
  type: string
  found_type: string | null
  found: boolean | number
  null_share: number | null
  examples: string[] | string | null
  problem: string
  notice?: Notice | null
}

export interface ProfileCheck {
  ok: boolean
  problems: string[]
  problem_notices?: (Notice | null)[]
  columns: CheckedColumn[]
  tables: { role: Role; table: string; rows: number }[]
}

export interface Finding {
  row: number
  column: string
  check: string
  value: string
  message: string
  notice?: Notice | null
}

export interface ProfilePreview {
  columns: string[]
  rows: Record<string, string | null>[]
  findings: Finding[]
  total_findings: number
  valid: boolean
  problems: string[]
  problem_notices?: (Notice | null)[]
}

export type ProfileActivation = Schemas['ProfileActivationResponse']

const base = (kind: ProfileKind) => `/api/mapping/${kind}-profiles`
const one = (kind: ProfileKind, name: string) => `${base(kind)}/${encodeURIComponent(name)}`
const key = (kind: ProfileKind) => ['profiles', kind] as const

/** Asks anew for the profiles of a kind and for what follows the active one. */
export function refreshProfiles(kind: ProfileKind) {
  void queryClient.invalidateQueries({ queryKey: key(kind) })
  void queryClient.invalidateQueries({ queryKey: ['workflow'] })
  if (kind === 'input') plantChanged()
}

export function useProfiles<Profile>(kind: ProfileKind) {
  return useQuery({
    queryKey: key(kind),
    queryFn: async ({ signal }) =>
      (await request<{ items: StoredProfile<Profile>[] }>('get', base(kind), { signal })).items,
  })
}

export function useProfile<Profile>(kind: ProfileKind, name: string | null) {
  return useQuery({
    queryKey: [...key(kind), name],
    enabled: name !== null,
    queryFn: ({ signal }) => storedProfile<Profile>(kind, name ?? '', signal),
  })
}

export function storedProfile<Profile>(kind: ProfileKind, name: string, signal?: AbortSignal) {
  return request<StoredProfile<Profile>>('get', one(kind, name), { signal })
}

interface Saved<Profile> {
  /** The stored one; null creates a new profile. */
  name: string | null
  profile: Profile
  revision?: number
}

export function saveProfile<Profile extends object>(
  kind: ProfileKind,
  { name, profile, revision }: Saved<Profile>,
) {
  return name === null
    ? request<StoredProfile<Profile>>('post', base(kind), { body: { profile } })
    : request<StoredProfile<Profile>>('put', one(kind, name), {
        body: { profile, expected_revision: revision ?? 0 },
      })
}

export function useSaveProfile<Profile extends object>(kind: ProfileKind) {
  return useMutation({
    mutationFn: (saved: Saved<Profile>) => saveProfile(kind, saved),
    onSuccess: () => refreshProfiles(kind),
  })
}

export function useDeleteProfile(kind: ProfileKind) {
  return useMutation({
    mutationFn: (name: string) => request<void>('delete', one(kind, name)),
    onSuccess: () => refreshProfiles(kind),
  })
}

export function activateProfile(kind: ProfileKind, name: string) {
  return request<ProfileActivation>('post', `${one(kind, name)}/activate`)
}

export function useActivateProfile(kind: ProfileKind) {
  return useMutation({
    mutationFn: (name: string) => activateProfile(kind, name),
    onSuccess: () => refreshProfiles(kind),
  })
}

export function useImportProfiles(kind: ProfileKind) {
  return useMutation({
    mutationFn: (content: string) =>
      request<{ created: string[]; updated: string[]; unchanged: string[] }>('post', `${base(kind)}/import`, {
        body: { content },
      }),
    onSuccess: () => refreshProfiles(kind),
  })
}

export function exportProfiles(kind: ProfileKind): Promise<unknown> {
  return request('get', `${base(kind)}/export`)
}

export function checkInputProfile(profile: InputProfile): Promise<ProfileCheck> {
  return request('post', `${base('input')}/check`, { body: { profile } })
}

export function previewOutputProfile(
  profile: OutputProfile,
  itemCodes: readonly string[],
  signal?: AbortSignal,
): Promise<ProfilePreview> {
  return request('post', `${base('output')}/preview`, { body: { profile, item_codes: itemCodes }, signal })
}

export interface SourceTable {
  table: string
  tables: string[]
  rows: number
  columns: {
    name: string
    type: string
    nullable?: boolean | number
    null_share?: number
    examples?: string[] | string
  }[]
}

/** The tables of the source and the real columns of one, with null shares and examples. */
export function useSourceTable(table: string, enabled = true) {
  return useQuery({
    queryKey: ['source-table', table],
    enabled,
    staleTime: 10 * 60_000,
    queryFn: ({ signal }) => request<SourceTable>('get', '/api/access/tables', { query: { table }, signal }),
  })
}

export function listOf(value: string[] | string | null | undefined): string[] {
  if (Array.isArray(value)) return value
  if (!value) return []
  try {
    const parsed: unknown = JSON.parse(value)
    return Array.isArray(parsed) ? parsed.map(String) : [value]
  } catch {
    return [value]
  }
}
