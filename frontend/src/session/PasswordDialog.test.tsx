import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, test, vi } from 'vitest'
import { PasswordDialog } from './PasswordDialog'

async function submit(answer: Response) {
  vi.stubGlobal('fetch', () => Promise.resolve(answer))
  const user = userEvent.setup()
  const closed = vi.fn()
  render(<PasswordDialog open onClose={closed} />)
  await user.type(screen.getByLabelText('현재 비밀번호'), 'old-password')
  await user.type(screen.getByLabelText('새 비밀번호'), 'new-password')
  await user.type(screen.getByLabelText('비밀번호 확인'), 'new-password')
  await user.click(screen.getByRole('button', { name: '비밀번호 변경' }))
  return closed
}

test('a wrong present password is told beside its field', async () => {
  const closed = await submit(
    new Response('{"detail": "wrong"}', { status: 422, headers: { 'x-error-reason': 'WRONG_PASSWORD' } }),
  )
  expect((await screen.findByRole('alert')).textContent).toBe('현재 비밀번호가 맞지 않습니다.')
  expect(closed).not.toHaveBeenCalled()
})

test('the dialog closes when the password has been changed', async () => {
  const closed = await submit(new Response(null, { status: 204 }))
  await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce())
})
