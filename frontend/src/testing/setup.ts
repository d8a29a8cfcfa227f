/** What every test starts with. */
import { cleanup, configure } from '@testing-library/react'
import { afterEach } from 'vitest'
import '@/i18n'

configure({ asyncUtilTimeout: 20_000 }) // the machine may be busy with other tests

afterEach(() => {
  cleanup()
  localStorage.clear()
  sessionStorage.clear()
})
