import { render, screen } from '@testing-library/react'
import { expect, test } from 'vitest'
import { ReadingBar } from './ReadingBar'

test('a source that is read shows what and how much; one that is not shows nothing', () => {
  const { container, rerender } = render(<ReadingBar reading={null} share={null} />)
  expect(container.innerHTML).toBe('')
  rerender(<ReadingBar reading="steps: 50,000 rows" share={0.25} />)
  expect(screen.getByRole('progressbar').getAttribute('value')).toBe('0.25')
  expect(screen.getByRole('status').textContent).toContain('steps: 50,000 rows')
  expect(screen.getByRole('status').textContent).toContain('25')
})
