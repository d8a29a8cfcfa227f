/** Computes the projection away from the page, so that it stays responsive. */
import { project } from './projection'

self.onmessage = ({ data }: MessageEvent<{ vectors: Float32Array; count: number; dimension: number }>) => {
  const result = project(data.vectors, data.count, data.dimension)
  self.postMessage(result, { transfer: [result.positions.buffer] })
}
