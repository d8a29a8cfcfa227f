/** Reads the Projector files of the active model line by line and projects them. */
import { useEffect, useState } from 'react'
import { send } from '@/api/client'
import type { Projection } from './projection'

const MOST_POINTS = 50_000
const BASE = '/api/visualization/projector'

export interface Embedding extends Projection {
  codes: string[]
  /** Metadata columns by name; one text a point. */
  columns: Map<string, string[]>
  limited: boolean
}

export type EmbeddingState =
  | { state: 'reading'; count: number }
  | { state: 'projecting' }
  | { state: 'ready'; embedding: Embedding }
  | { state: 'failed'; error: unknown }

/** Hands on complete lines until `take` says that it has enough. */
async function readLines(path: string, signal: AbortSignal, take: (line: string) => boolean): Promise<void> {
  const answer = await send('get', path, { signal })
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
  if (!reader) return
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    const lines = (rest + (value ?? '')).split('\n')
    rest = done ? '' : (lines.pop() ?? '')
    for (const line of lines) {
      if (line && !take(line.replace(/\r$/, ''))) {
        await reader.cancel()
        return
      }
    }
    if (done) return
  }
}

async function read(signal: AbortSignal, tell: (state: EmbeddingState) => void): Promise<Embedding> {
  let dimension = 0
  let count = 0
  let limited = false
  let vectors = new Float32Array(0)
  await readLines(`${BASE}/vectors.tsv`, signal, (line) => {
    if (count >= MOST_POINTS) {
      limited = true
      return false
    }
    const values = line.split('\t')
    if (dimension === 0) dimension = values.length
    if ((count + 1) * dimension > vectors.length) {
      const larger = new Float32Array(Math.max(1024 * dimension, vectors.length * 2))
      larger.set(vectors)
      vectors = larger
    }
    for (let k = 0; k < dimension; k++) vectors[count * dimension + k] = Number(values[k])
    count += 1
    if (count % 2000 === 0) tell({ state: 'reading', count })
    return true
  })

  // One metadata column has no header, as the Projector has it.
  const rows: string[][] = []
  await readLines(`${BASE}/metadata.tsv`, signal, (line) => rows.push(line.split('\t')) <= count)
  const header = (rows[0]?.length ?? 0) > 1 ? (rows.shift() ?? []) : ['ITEM_CD']
  const columns = new Map(
    header.map((name, index) => [name, rows.slice(0, count).map((row) => row[index] ?? '')]),
  )
  const codes = columns.get('ITEM_CD') ?? columns.get(header[0] ?? '') ?? []

  tell({ state: 'projecting' })
  const projection = await inWorker(vectors.subarray(0, count * dimension), count, dimension, signal)
  return { ...projection, codes, columns, limited }
}

function inWorker(
  vectors: Float32Array,
  count: number,
  dimension: number,
  signal: AbortSignal,
): Promise<Projection> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./projection.worker.ts', import.meta.url), { type: 'module' })
    const stop = () => worker.terminate()
    signal.addEventListener('abort', stop)
    worker.onmessage = ({ data }: MessageEvent<Projection>) => {
      resolve(data)
      stop()
    }
    worker.onerror = (event) => {
      reject(new Error(event.message))
      stop()
    }
    worker.postMessage({ vectors: vectors.slice(), count, dimension })
  })
}

export function useEmbedding(attempt: number): EmbeddingState {
  const [state, setState] = useState<EmbeddingState>({ state: 'reading', count: 0 })
  useEffect(() => {
    const controller = new AbortController()
    const tell = (next: EmbeddingState) => {
      if (!controller.signal.aborted) setState(next)
    }
    tell({ state: 'reading', count: 0 })
    read(controller.signal, tell).then(
      (embedding) => tell({ state: 'ready', embedding }),
      (error: unknown) => tell({ state: 'failed', error }),
    )
    return () => controller.abort()
  }, [attempt])
  return state
}
