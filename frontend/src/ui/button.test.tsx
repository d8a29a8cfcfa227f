import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { Button } from './Button'

afterEach(cleanup)

test('a double click begins once what takes time, and twice what does not', () => {
  const [sent, undone, submitted] = [
    vi.fn(),
    vi.fn(),
    vi.fn((event: { preventDefault: () => void }) => event.preventDefault()),
  ]
  render(
    <>
      <Button busy={false} onClick={sent}>
        send
      </Button>
      <Button onClick={undone}>undo</Button>
      <form onSubmit={submitted}>
        <Button type="submit" busy={false}>
          save
        </Button>
      </form>
    </>,
  )
  for (const name of ['send', 'undo', 'save'])
    for (const detail of [1, 2]) fireEvent.click(screen.getByText(name), { detail })
  expect(sent).toHaveBeenCalledTimes(1)
  expect(undone).toHaveBeenCalledTimes(2)
  expect(submitted).toHaveBeenCalledTimes(1)
})
