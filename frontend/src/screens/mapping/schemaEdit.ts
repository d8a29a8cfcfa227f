/** Changes of the plant's schema in an input profile: features with their columns, units, groups and the hierarchy. */
import type { Feature, FeatureKind, InputColumn, InputProfile, SourceType } from '@/api/mapping'

export const KINDS: readonly FeatureKind[] = [
  'category',
  'text',
  'number',
  'size',
  'flag',
  'date',
  'identity',
]
export const MOST_LEVELS = 4

const TYPE_OF: Record<FeatureKind, SourceType> = {
  identity: 'TEXT',
  category: 'TEXT',
  text: 'TEXT',
  number: 'NUMBER',
  size: 'NUMBER',
  flag: 'NUMBER',
  date: 'DATETIME',
}
const KIND_OF: Record<string, FeatureKind> = { NUMBER: 'number', INTEGER: 'number', DATETIME: 'date' }

const ITEM_CODE = 'ITEM_CD'

/** The profile with a feature from a column of the source; the name is made different from all others. */
export function withFeature(profile: InputProfile, source: string, type: string): InputProfile {
  const known = new Set(
    [...profile.schema.features, ...(profile.schema.item_columns ?? []), { name: ITEM_CODE }].map((one) =>
      one.name.toLowerCase(),
    ),
  )
  let name = source
  for (let number = 2; known.has(name.toLowerCase()); number++) name = `${source} ${number}`
  const kind = KIND_OF[type] ?? 'category'
  const column: InputColumn = {
    internal: name,
    role: 'features',
    source,
    type: TYPE_OF[kind],
    unit: null,
    default: null,
    required: false,
  }
  return {
    ...profile,
    schema: { ...profile.schema, features: [...profile.schema.features, { name, kind }] },
    columns: [...profile.columns, column],
  }
}

/** The profile with a changed feature. Another kind brings the type of its column; what only the old kind had goes. */
export function withChange(profile: InputProfile, name: string, change: Partial<Feature>): InputProfile {
  const features = profile.schema.features.map((one) => {
    if (one.name !== name) return one
    const { unit_from, ...changed } = { ...one, ...change }
    return changed.kind === 'size' && unit_from ? { ...changed, unit_from } : changed
  })
  const kind = change.kind
  const columns = profile.columns.map((column) =>
    kind && column.role === 'features' && column.internal === name
      ? {
          ...column,
          type: TYPE_OF[kind],
          unit: TYPE_OF[kind] === 'NUMBER' ? column.unit : null,
          default: TYPE_OF[kind] === column.type ? column.default : null,
        }
      : column,
  )
  return { ...profile, schema: { ...profile.schema, features }, columns }
}

/** The profile without a feature, and without everything that named it. */
export function withoutFeature(profile: InputProfile, name: string): InputProfile {
  const { schema } = profile
  const item = Object.fromEntries(
    Object.entries(schema.item ?? {}).map(([role, value]) =>
      Array.isArray(value)
        ? [role, value.filter((one) => one !== name)]
        : [role, value === name ? '' : value],
    ),
  )
  const profiles = Object.fromEntries(
    Object.entries(schema.weight_profiles ?? {}).map(([title, one]) => {
      const { [name]: _gone, ...factors } = one.factors ?? {}
      return [title, { ...one, factors }]
    }),
  )
  return {
    ...profile,
    schema: {
      ...schema,
      ...(schema.item ? { item } : {}),
      ...(schema.weight_profiles ? { weight_profiles: profiles } : {}),
      features: schema.features
        .filter((one) => one.name !== name)
        .map(({ unit_from, ...one }) => (unit_from && unit_from !== name ? { ...one, unit_from } : one)),
    },
    columns: profile.columns.filter((column) => column.role !== 'features' || column.internal !== name),
  }
}

/** The level of a feature in the hierarchy, from 1; 0 for none. */
export function levelOf(profile: InputProfile, name: string): number {
  return (profile.schema.item?.levels ?? []).indexOf(name) + 1
}

/** The profile with a feature at a level of the hierarchy (0: at none); those below move down, at most four stay. */
export function withLevel(profile: InputProfile, name: string, level: number): InputProfile {
  const levels = (profile.schema.item?.levels ?? []).filter((one) => one !== name)
  if (level > 0) levels.splice(level - 1, 0, name)
  return {
    ...profile,
    schema: { ...profile.schema, item: { ...profile.schema.item, levels: levels.slice(0, MOST_LEVELS) } },
  }
}
