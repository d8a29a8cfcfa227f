import { expect, test } from 'vitest'
import { routingText } from '@/screens/routing/texts'
import { mappingText } from '@/screens/mapping/texts'
import { isolated, switchLanguage } from './index'

test('a name that runs the other way does not turn the sentence around it, markup stays as it is', () => {
  const name = '\u202eטבעת'
  expect(routingText('savedServer', { name, version: 3 })).toBe(
    `그룹 "\u2068${name}\u2069"을(를) 저장했습니다 (버전 3).`,
  )
  expect(routingText('savedServer', { name: '<b>', version: 3 })).toContain('"<b>"')
  expect(isolated('精车')).toBe('精车')
})

test('a name that is stored is made of the name alone', () => {
  expect(mappingText('copyName', { name: 'טבעת' })).toBe('טבעת 사본')
})

test('English says one thing otherwise than several', async () => {
  await switchLanguage('en')
  expect([1, 2].map((count) => routingText('savedMany', { count }))).toEqual([
    'One routing saved.',
    '2 routings saved.',
  ])
  await switchLanguage('ko')
  expect(routingText('savedMany', { count: 1 })).toBe('라우팅 1건을 저장했습니다.')
})
