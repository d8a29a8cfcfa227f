import { fireEvent, render, screen } from '@testing-library/react'
import { expect, test, vi } from 'vitest'
import { LongSelect } from './LongSelect'

const options = () => screen.getAllByRole('option').map((option) => option.textContent)

test('the names are offered once the choice has the focus, the chosen one always', () => {
  const onChange = vi.fn()
  render(<LongSelect aria-label="source" names={['A', 'B']} value="OLD" empty="none" onChange={onChange} />)
  expect(options()).toEqual(['OLD'])
  fireEvent.focus(screen.getByRole('combobox'))
  expect(options()).toEqual(['none', 'A', 'B', 'OLD'])
  fireEvent.change(screen.getByRole('combobox'), { target: { value: 'B' } })
  expect(onChange).toHaveBeenCalledOnce()
})

test('a choice without a name says so', () => {
  render(<LongSelect aria-label="source" names={['A']} value="" empty="none" onChange={vi.fn()} />)
  expect(options()).toEqual(['none'])
})
