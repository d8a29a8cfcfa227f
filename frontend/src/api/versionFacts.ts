/** What the manifest of a version says about it. */
export interface RecallPoint {
  ef_search: number
  recall: number
  latency_ms: number
}

/** How well the version predicts routings that are known, measured at the end of its training. */
export interface Evaluation {
  judged_against: string
  strategy: string
  items: number
  unanswered: number
  sequence_exact: number
  set_f1: number
  run_time_mape: number | null
  top_recall: number
  variants: number
  edit_distance: number
  calibration_error: number | null
  /** The method that predicts and the best of the simple ones, judged on the same items; absent where they were not compared. */
  method?: string
  method_exact?: number
  simple_method?: string
  simple_exact?: number
  /** Share of run times that were not above each of the three times proposed; absent where too few could be judged. */
  ranges?: { standard: number; optimal: number; safe: number } | null
}

export interface VersionFacts {
  evaluation: Evaluation | null
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
  const evaluation = metadata.evaluation as Evaluation | null | undefined
  return {
    evaluation: typeof evaluation?.sequence_exact === 'number' ? evaluation : null,
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
