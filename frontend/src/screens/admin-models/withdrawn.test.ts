import { expect, test } from 'vitest'
import type { HistoryEntry } from '@/api/training'
import { isWithdrawn } from './VersionsPanel'

const entry = (version_name: string, action: string) => ({ version_name, action }) as HistoryEntry

test('a version that was followed by another, or rolled back from, is a former one and not withdrawn', () => {
  const version = { version_name: 'b', status: 'retired' }
  expect(isWithdrawn(version, [entry('a', 'rolled_back'), entry('b', 'activated')])).toBe(false)
  expect(isWithdrawn(version, [entry('b', 'retired'), entry('b', 'activated')])).toBe(true)
  expect(isWithdrawn({ version_name: 'b', status: 'pending' }, [])).toBe(false)
})
