import { expect, test } from 'vitest'
import { project } from './projection'

test('points on a plane keep their distances on the first two components', () => {
  const points = [
    [3, 0],
    [-3, 0],
    [0, 1],
    [0, -1],
  ]
  const vectors = Float32Array.from(points.flatMap(([x = 0, y = 0]) => [x, y, x + y, 5]))
  const { positions, explained } = project(vectors, 4, 4)
  const distance = (i: number, j: number) =>
    Math.hypot(
      (positions[i * 2] ?? 0) - (positions[j * 2] ?? 0),
      (positions[i * 2 + 1] ?? 0) - (positions[j * 2 + 1] ?? 0),
    )
  const original = (i: number, j: number) =>
    Math.hypot(...Array.from({ length: 4 }, (_, k) => (vectors[i * 4 + k] ?? 0) - (vectors[j * 4 + k] ?? 0)))
  expect(distance(0, 1) / distance(2, 3)).toBeCloseTo(original(0, 1) / original(2, 3), 4)
  expect(explained).toBeCloseTo(1, 6)
  expect(Math.max(...positions.map(Math.abs))).toBeCloseTo(1, 6)
})

test('equal points all lie in the middle', () => {
  const { positions } = project(new Float32Array(12).fill(2), 4, 3)
  expect([...positions].every((value) => value === 0)).toBe(true)
})
