/** The first two principal components of a set of vectors, by power iteration. */
export interface Projection {
  /** x, y of each point, scaled into -1 to 1. */
  positions: Float32Array<ArrayBuffer>
  /** Share of the variance on the two axes. */
  explained: number
}

/** `vectors` is row-major, `count` rows of `dimension` numbers. */
export function project(vectors: Float32Array, count: number, dimension: number): Projection {
  const mean = new Float64Array(dimension)
  for (let row = 0; row < count; row++)
    for (let k = 0; k < dimension; k++) mean[k] = (mean[k] ?? 0) + (vectors[row * dimension + k] ?? 0) / count

  const covariance = new Float64Array(dimension * dimension)
  const centred = new Float64Array(dimension)
  let variance = 0
  for (let row = 0; row < count; row++) {
    for (let k = 0; k < dimension; k++) centred[k] = (vectors[row * dimension + k] ?? 0) - (mean[k] ?? 0)
    for (let i = 0; i < dimension; i++) {
      const value = centred[i] ?? 0
      variance += (value * value) / count
      if (value === 0) continue
      const offset = i * dimension
      for (let j = i; j < dimension; j++)
        covariance[offset + j] = (covariance[offset + j] ?? 0) + (value * (centred[j] ?? 0)) / count
    }
  }
  for (let i = 0; i < dimension; i++)
    for (let j = 0; j < i; j++) covariance[i * dimension + j] = covariance[j * dimension + i] ?? 0

  const axes = [leading(covariance, dimension, []), null] as [Axis, Axis | null]
  axes[1] = leading(covariance, dimension, [axes[0].direction])
  const positions = new Float32Array(count * 2)
  const largest = [1e-9, 1e-9]
  for (let row = 0; row < count; row++) {
    axes.forEach((axis, index) => {
      let sum = 0
      for (let k = 0; k < dimension; k++)
        sum += ((vectors[row * dimension + k] ?? 0) - (mean[k] ?? 0)) * (axis?.direction[k] ?? 0)
      positions[row * 2 + index] = sum
      largest[index] = Math.max(largest[index] ?? 0, Math.abs(sum))
    })
  }
  const scale = Math.max(...largest)
  for (let index = 0; index < positions.length; index++) positions[index] = (positions[index] ?? 0) / scale
  return { positions, explained: variance > 0 ? (axes[0].value + (axes[1]?.value ?? 0)) / variance : 0 }
}

interface Axis {
  direction: Float64Array
  value: number
}

/** The direction of the greatest variance that is orthogonal to `others`. */
function leading(matrix: Float64Array, size: number, others: readonly Float64Array[]): Axis {
  let direction = Float64Array.from({ length: size }, (_, index) =>
    Math.sin(index * 12.9898 + others.length * 78.233 + 1),
  )
  let value = 0
  for (let round = 0; round < 300; round++) {
    const next = new Float64Array(size)
    for (let i = 0; i < size; i++) {
      let sum = 0
      for (let j = 0; j < size; j++) sum += (matrix[i * size + j] ?? 0) * (direction[j] ?? 0)
      next[i] = sum
    }
    for (const other of others) {
      const dot = next.reduce((sum, one, index) => sum + one * (other[index] ?? 0), 0)
      for (let i = 0; i < size; i++) next[i] = (next[i] ?? 0) - dot * (other[i] ?? 0)
    }
    const length = Math.hypot(...next)
    if (length < 1e-12) return { direction: next, value: 0 }
    for (let i = 0; i < size; i++) next[i] = (next[i] ?? 0) / length
    const settled = Math.abs(length - value) < 1e-9 * length
    direction = next
    value = length
    if (settled && round > 10) break
  }
  return { direction, value }
}
