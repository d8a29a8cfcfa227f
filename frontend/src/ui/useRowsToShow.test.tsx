import { renderHook } from '@testing-library/react'
import { expect, test } from 'vitest'
import { useRowsToShow } from './useRowsToShow'

test('the first rows of a long table come first, then all of them', () => {
  const shown: number[] = []
  renderHook(() => {
    const rows = useRowsToShow(49)
    shown.push(rows)
  })
  expect(shown[0]).toBe(11)
  expect(shown.at(-1)).toBe(49)
})

test('a short table is shown whole', () => {
  expect(renderHook(() => useRowsToShow(3)).result.current).toBe(3)
})
