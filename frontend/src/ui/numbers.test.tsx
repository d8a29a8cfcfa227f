import { fireEvent, render, screen } from '@testing-library/react'
import { useState } from 'react'
import { expect, test } from 'vitest'
import { NumberField } from './NumberField'
import { readNumber, writtenNumber } from './numbers'

test('thousands are read as the screens print them', () => {
  for (const value of [0, 7, 999, 1234, 1234567, 1234.5, 0.125, -3])
    expect(readNumber(writtenNumber(value))).toEqual({ value })
  expect(readNumber('1,500').value).toBe(1500)
  expect(readNumber('1500.').value).toBe(1500)
  expect(readNumber('１２．５').value).toBe(12.5)
  expect(readNumber(' 30 % ').value).toBe(30)
})

test('what could be two numbers is none', () => {
  for (const text of ['1,5', '1.234,5', ',5', '12,34', '1,2345'])
    expect(readNumber(text).error).toMatch(/쉼표는 천 단위/)
  for (const text of ['abc', '1e3', '1.2.3', '--1', '.', '1 500', '0x10'])
    expect(readNumber(text).error).toMatch(/숫자가 아닙니다/)
})

test('limits are said', () => {
  expect(readNumber('999,999,999', { min: 0, max: 525600 }).error).toContain('0 ~ 525,600')
  expect(readNumber('-1', { min: 0 }).error).toContain('0 이상')
  expect(readNumber('1.5', { digits: 0, min: 1, max: 50 }).error).toContain('1 ~ 50')
  expect(readNumber('1.2345', { digits: 3 }).error).toContain('3자리')
  expect(readNumber('').error).toBeTruthy()
  expect(readNumber('', { optional: true })).toEqual({ value: null })
})

function Held({ percent = false, start }: { percent?: boolean; start: number | null }) {
  const [value, setValue] = useState<number | null>(start)
  return (
    <>
      <NumberField label="number" percent={percent} min={0} max={100} value={value} onChange={setValue} />
      <output>{String(value)}</output>
      <button onClick={() => setValue(42)}>set</button>
    </>
  )
}

const field = () => screen.getByRole<HTMLInputElement>('textbox', { name: 'number' })
const held = () => screen.getByRole('status').textContent

test('a field is cleared and written anew without a number jumping in', () => {
  render(<Held start={10} />)
  fireEvent.change(field(), { target: { value: '' } })
  expect(field().value).toBe('')
  expect(held()).toBe('10')
  expect(field().checkValidity()).toBe(false)
  fireEvent.change(field(), { target: { value: '3' } })
  expect(held()).toBe('3')
  fireEvent.blur(field())
  expect(field().value).toBe('3')
  expect(field().checkValidity()).toBe(true)
})

test('a value from elsewhere takes the place of what was written', () => {
  render(<Held start={10} />)
  fireEvent.change(field(), { target: { value: 'x' } })
  fireEvent.click(screen.getByRole('button', { name: 'set' }))
  expect(field().value).toBe('42')
  expect(field().checkValidity()).toBe(true)
})

test('shares are shown and written as percent', () => {
  render(<Held percent start={0.8} />)
  expect(field().value).toBe('80')
  fireEvent.change(field(), { target: { value: '7.25' } })
  expect(held()).toBe('0.0725')
  fireEvent.keyDown(field(), { key: 'ArrowUp' })
  expect(held()).toBe('0.0825')
})
