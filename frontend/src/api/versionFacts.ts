/** What the manifest of a version says about it. */
export interface RecallPoint {
  ef_search: number
  recall: number
  latency_ms: number
}

export interface VersionFacts {
  items: number | null
  dimension: number | null
  engine: string | null
  defaultEf: number | null
  recall: number | null
  latency: number | null
  curve: RecallPoint[]
  artifacts: { name: string; path: string }[]
}

export function factsOf(manifest: Record<string, unknown> | null | undefined): VersionFacts {
  const metadata = (manifest?.metadata ?? {}) as Record<string, unknown>
  const number = (name: string) => (typeof metadata[name] === 'number' ? metadata[name] : null)
  const curve = Array.isArray(metadata.recall_curve) ? (metadata.recall_curve as RecallPoint[]) : []
  const defaultEf = number('default_ef_search')
  const point = curve.find((one) => one.ef_search === defaultEf) ?? null
  const artifacts = Object.entries((manifest?.artifacts ?? {}) as Record<string, { path?: string }>)
  return {
    items: number('items') ?? number('total_items'),
    dimension: number('dimension') ?? number('vector_dimension'),
    engine: typeof metadata.engine === 'string' ? metadata.engine : null,
    defaultEf,
    recall: point?.recall ?? null,
    latency: point?.latency_ms ?? null,
    curve,
    artifacts: artifacts.map(([name, artifact]) => ({ name, path: artifact.path ?? '' })),
  }
}
