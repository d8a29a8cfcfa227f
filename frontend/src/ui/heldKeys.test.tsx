import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { pressHeldEnterOnce } from './heldKeys'
import { isTyping } from './useUndoKeys'

let end = () => {}
beforeEach(() => {
  end = pressHeldEnterOnce()
})
afterEach(() => {
  end()
  cleanup()
})

test('an Enter that is held down reaches a button and what listens once, a text every time', () => {
  const heard = vi.fn()
  const written = vi.fn()
  render(
    <>
      <button type="button" onKeyDown={heard}>
        save
      </button>
      <textarea aria-label="text" onKeyDown={written} />
    </>,
  )
  const button = screen.getByRole('button')
  expect(fireEvent.keyDown(button, { key: 'Enter' })).toBe(true)
  for (let time = 0; time < 5; time++)
    expect(fireEvent.keyDown(button, { key: 'Enter', repeat: true })).toBe(false)
  expect(heard).toHaveBeenCalledTimes(1)
  const text = screen.getByLabelText('text')
  fireEvent.keyDown(text, { key: 'Enter' })
  expect(fireEvent.keyDown(text, { key: 'Enter', repeat: true })).toBe(true)
  expect(fireEvent.keyDown(text, { key: 'Enter', ctrlKey: true, repeat: true })).toBe(false)
  expect(written).toHaveBeenCalledTimes(2)
})

test('letters belong to the screen after a tick or a slider was used, and to a field that is written', () => {
  render(
    <>
      <input type="checkbox" aria-label="tick" />
      <input type="range" aria-label="slider" />
      <input type="text" aria-label="name" />
      <input aria-label="plain" />
      <input type="date" aria-label="day" />
    </>,
  )
  const typing = (name: string) => isTyping(screen.getByLabelText(name))
  expect(['tick', 'slider'].map(typing)).toEqual([false, false])
  expect(['name', 'plain', 'day'].map(typing)).toEqual([true, true, true])
})
