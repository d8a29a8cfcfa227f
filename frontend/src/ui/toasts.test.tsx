import { act, cleanup, render, screen } from '@testing-library/react'
import { afterEach, expect, test } from 'vitest'
import { notify, roomBeside, Toasts } from './toasts'

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

test('notices stand beside an editor that is open where they would be', () => {
  expect(roomBeside(null, 1280)).toEqual({ left: 16, width: 416 })
  expect(roomBeside({ left: 500, right: 884 }, 1280)).toEqual({ left: 16, width: 416 })
  expect(roomBeside({ left: 100, right: 484 }, 1280)).toEqual({ left: 500, width: 416 })
  expect(roomBeside({ left: 300, right: 684 }, 1024)).toEqual({ left: 700, width: 308 })
  expect(roomBeside({ left: 340, right: 724 }, 1024)).toEqual({ left: 16, width: 308 })
})
