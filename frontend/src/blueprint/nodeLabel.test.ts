import { afterEach, expect, test } from 'vitest'
import type { NodeType } from '@/api/blueprint'
import { switchLanguage } from '@/i18n'
import { nodeLabel } from './nodeLabel'

afterEach(() => switchLanguage('ko'))

test('a node that nobody named has the name of its type in the language of the screen', async () => {
  const loader = { label_ko: '로더', label_en: 'Loader' } as NodeType
  expect(nodeLabel({ label: 'Loader' }, loader)).toBe('로더')
  await switchLanguage('en')
  expect(nodeLabel({ label: '로더' }, loader)).toBe('Loader')
  expect(nodeLabel({ label: '야간 로더' }, loader)).toBe('야간 로더')
  expect(nodeLabel({ label: '로더' }, undefined)).toBe('로더')
})
