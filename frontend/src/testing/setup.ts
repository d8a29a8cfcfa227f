/** What every test starts with. */
import { cleanup, configure } from '@testing-library/react'
import { afterEach } from 'vitest'
import '@/i18n'
import { usePlantStore } from '@/api/plant'
import { SEALS } from './samples'

configure({ asyncUtilTimeout: 20_000 }) // the machine may be busy with other tests

usePlantStore.setState({ plant: SEALS })

afterEach(() => {
  cleanup()
  localStorage.clear()
  sessionStorage.clear()
})
