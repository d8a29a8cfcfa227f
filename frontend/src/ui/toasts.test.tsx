import { act, cleanup, render, screen } from '@testing-library/react'
import { afterEach, expect, test } from 'vitest'
import { notify, Toasts } from './toasts'

afterEach(cleanup)

test('an error stays among many notices that go by themselves', () => {
  render(<Toasts />)
  act(() => {
    notify('bad', 'it failed')
    for (let number = 1; number <= 8; number++) notify('good', `notice ${number}`)
  })
  expect(screen.getByText('it failed')).toBeTruthy()
  expect(screen.getByText('notice 8')).toBeTruthy()
  expect(screen.queryByText('notice 1')).toBeNull()
  expect(screen.getAllByText(/notice/)).toHaveLength(3)
})
