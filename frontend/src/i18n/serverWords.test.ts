import { afterEach, expect, test } from 'vitest'
import { ApiError, describeError, type FieldNotice } from '@/api/errors'
import { problemText } from '@/blueprint/problemText'
import type { GraphProblem, NodeType } from '@/api/blueprint'
import { auditFacts, auditWord } from './auditWords'
import { switchLanguage } from './index'
import { optionWord } from './optionWords'
import { actor } from './actors'
import { noticeText, noticeTexts } from './notices'

afterEach(() => switchLanguage('ko'))

const refused = (reason: string, detail: string) => new ApiError(422, '/api/x', { detail }, reason)

test('refusals are said in the language of the screen', async () => {
  expect(describeError(refused('LAST_ADMINISTRATOR', 'This is the last administrator'))).toBe(
    '마지막 관리자입니다. 먼저 다른 관리자를 지정하세요.',
  )
  expect(describeError(refused('PATH_INVALID', 'C:\\x is no path'))).toBe(
    '사용할 수 없는 경로입니다. (서버 메시지: C:\\x is no path)',
  )
  expect(
    describeError(
      new ApiError(503, '/api/x', { detail: 'plant.accdb does not exist' }, 'SOURCE_MISSING', {
        path: 'plant.accdb',
      }),
    ),
  ).toBe('원본이 없습니다: plant.accdb. 경로를 확인하세요.')
  expect(describeError(refused('SOMETHING_NEW', 'Something new'))).toBe('Something new')
  await switchLanguage('en')
  expect(describeError(refused('LAST_ADMINISTRATOR', 'This is the last administrator'))).toBe(
    'This is the last administrator',
  )
})

test('what the server reports is told in Korean, with its figures', async () => {
  const said = (code: string, parameters: Record<string, string>) =>
    noticeText('English', { code, parameters })
  expect(
    said('TRAINED_AND_ACTIVE', {
      version: 'demo-1',
      items: '2,000',
      seconds: '8',
      activation: '',
      deletion: '',
    }),
  ).toBe('demo-1: 품목 2,000건을 8초에 학습하고 등록해 활성화했습니다')
  expect(said('VALUES_MISSING', { column: 'PLAN.RUN', count: '2,552', examples: '' })).toBe(
    'PLAN.RUN 값 2,552건이 비어 있습니다',
  )
  expect(said('VALUE_EMPTY', { column: 'item_code' })).toBe('item_code: 값이 비어 있습니다')
  expect(
    said('TOTAL_OUT_OF_LIMIT', {
      field: 'SETUP_TIME',
      value: '120',
      sign: '<=',
      limit: '90',
      own_words: '너무 깁니다',
    }),
  ).toBe('너무 깁니다 (SETUP_TIME 합계가 120입니다. 조건은 <= 90입니다)')
  expect(said('SOURCE_MISSING', { path: 'plant.accdb' })).toBe(
    '원본이 없습니다: plant.accdb. 경로를 확인하세요.',
  )
  expect(said('A_LATER_CODE', {})).toBe('English')
  expect(noticeTexts(['one', 'two'], [null])).toEqual(['one', 'two'])
  expect(actor('service:training')).toBe('학습 서비스')
  expect(actor('kim@plant.example')).toBe('kim@plant.example')
  expect(optionWord('trimmed_std')).toContain('절사')
  expect(auditWord('auth.login')).toBe('로그인')
  expect(auditFacts({ menu: 'routing', strange: 2 })).toBe('메뉴: 라우팅 구성 · strange: 2')
  expect(auditFacts({ is_admin: false, context: { item_code: 'A', operations: 3 }, paths: ['a', 'b'] })).toBe(
    '관리자: 아니오 · 내용: 품목코드 A, 공정 수 3 · 바뀐 설정: a, b',
  )
  await switchLanguage('en')
  expect(said('VALUE_EMPTY', { column: 'item_code' })).toBe('English')
  expect(auditWord('auth.login.failed')).toBe('auth login failed')
})

test('problems of a graph name nodes and options as the screen does', () => {
  const index = {
    type: 'index',
    label_ko: '인덱스',
    options_schema: {
      properties: {
        ef_construction: { type: 'integer', 'x-title-ko': '구축 탐색 폭', minimum: 16, maximum: 4096 },
      },
    },
  } as unknown as NodeType
  const types = new Map([['index', index]])
  const graph = { nodes: [{ id: 'i', label: '나의 인덱스', type: 'index' }], edges: [] }
  const problem = (
    reason: string,
    message: string,
    node_id = 'i',
    facts: GraphProblem['facts'] = {},
  ): GraphProblem => ({ reason, message, node_id, edge_id: '', facts })
  expect(
    problemText(
      problem('OPTION_OUT_OF_RANGE', 'too small', 'i', { option: 'ef_construction' }),
      graph,
      types,
    ),
  ).toBe('나의 인덱스: 구축 탐색 폭 값이 범위를 벗어났습니다 (16 ~ 4096).')
  expect(
    problemText(problem('NODE_MISSING', 'there is none', '', { node_type: 'index' }), graph, types),
  ).toBe('필수 노드가 없습니다: 인덱스')
  expect(problemText(problem('LATER', 'A later reason'), graph, types)).toBe('A later reason')
})

test('what is wrong with an entry is said field by field in Korean, and as the server says it in English', async () => {
  const body = {
    detail: [
      { loc: ['body', 'schema', 'features', 0, 'weight'], msg: 'Input should be a number', type: 'x' },
      { loc: ['body', 'schema', 'features'], msg: 'Color comes twice: keep one', type: 'x' },
    ],
  }
  const notices: FieldNotice[] = [
    { field: 'schema.features.0.weight', code: 'INPUT_FLOAT_PARSING', parameters: { value: 'heavy' } },
    { field: 'schema.features', code: 'COMES_TWICE', parameters: { name: 'Color' } },
  ]
  const wrong = new ApiError(422, '/api/x', body, 'PROFILE_INVALID', {}, notices)
  expect(describeError(wrong)).toBe(
    [
      '프로파일에 고칠 곳이 있습니다.',
      'schema.features.0.weight: 숫자여야 합니다 (입력: heavy)',
      'schema.features: Color이(가) 두 번 나옵니다. 하나만 남기세요',
    ].join('\n'),
  )
  const text = new ApiError(400, '/api/x', { detail: 'No: a.b: x' }, 'SETTINGS_INVALID', {}, [
    { field: 'sql.output_columns.0', code: 'NOT_AN_AVAILABLE_COLUMN', parameters: { name: 'X' } },
  ])
  expect(describeError(text)).toContain('sql.output_columns.0: X은(는) 사용할 수 있는 컬럼이 아닙니다')
  const misfit = new ApiError(
    409,
    '/api/x',
    { detail: 'It cannot become active: P lacks A' },
    'PROFILE_DOES_NOT_FIT',
    { path: '/data' },
    [{ field: '', code: 'COLUMN_NOT_IN_TABLE', parameters: { table: 'P', column: 'A', name: 'Color' } }],
  )
  expect(describeError(misfit)).toBe(
    '프로파일이 원본과 맞지 않습니다: /data\nP에 A 컬럼이 없습니다 (Color에 연결됨)',
  )
  const halfKnown = new ApiError(422, '/api/x', body, 'PROFILE_INVALID', {}, [
    ...notices.slice(0, 1),
    { field: 'schema.features', text: 'Color comes twice: keep one' },
  ])
  expect(describeError(halfKnown)).toContain('schema.features: Color comes twice')
  await switchLanguage('en')
  expect(describeError(wrong)).toBe(
    'schema.features.0.weight: Input should be a number\nschema.features: Color comes twice: keep one',
  )
})
