import { QueryClientProvider } from '@tanstack/react-query'
import { fireEvent, render, screen } from '@testing-library/react'
import { beforeEach, expect, test, vi } from 'vitest'
import { queryClient } from '@/api/queryClient'
import StartScreen from './StartScreen'

const choice = (name: string, serving: boolean, version_name: string | null) => ({
  name,
  label: name === 'fabricad' ? 'FabriCAD' : 'Seals',
  label_ko: name === 'fabricad' ? '파브리캐드' : '씰',
  about: 'Turned parts',
  about_ko: '선삭 부품',
  path: `/data/${name}`,
  profile: name,
  serving,
  version_name,
})

let answers: Record<string, unknown>
let asked: string[]

beforeEach(() => {
  queryClient.clear()
  asked = []
  answers = {
    '/api/plant/choices': {
      items: [choice('own', true, 'v7'), choice('demo', false, 'v1'), choice('fabricad', false, null)],
      fixed: false,
      training_by_api: true,
    },
    '/api/trainer/status': { status: 'idle', progress: 0 },
    '/api/master-data/snapshot': { source: '/data/own' },
  }
  vi.stubGlobal('fetch', (input: RequestInfo | URL, init?: RequestInit) => {
    const url = typeof input === 'string' ? input : input instanceof URL ? input.href : input.url
    const path = new URL(url, 'http://test').pathname
    asked.push(`${init?.method ?? (input instanceof Request ? input.method : 'GET')} ${path}`)
    return Promise.resolve(Response.json(answers[path] ?? {}))
  })
})

function open() {
  render(
    <QueryClientProvider client={queryClient}>
      <StartScreen />
    </QueryClientProvider>,
  )
}

test('each plant says whether it serves, can serve at once, or is trained first', async () => {
  open()
  expect((await screen.findAllByText('서비스 중')).length).toBe(1)
  expect(screen.getByRole('button', { name: '데모 · 씰: 써 보기' })).toBeTruthy()
  expect(screen.getByRole('button', { name: '파브리캐드: 학습하고 써 보기' })).toBeTruthy()
  expect(screen.queryByRole('button', { name: /우리 공장/ })).toBeNull()
  expect(screen.getByText('선삭 부품')).toBeTruthy()
  expect(screen.getByText('이 버전이 서비스하고 있습니다: v7')).toBeTruthy()
  expect(screen.getByText('학습된 버전이 있어 바로 바꿀 수 있습니다: v1')).toBeTruthy()
})

test('an example is trained for, with its progress, and then serves', async () => {
  const running = {
    job_id: 'j1',
    status: 'running',
    progress: 40,
    stage: 'learning',
    message: 'Learning the features',
  }
  answers['/api/plant/choices/fabricad/serve'] = {
    name: 'fabricad',
    serving: false,
    version_name: null,
    training: running,
  }
  open()
  fireEvent.click(await screen.findByRole('button', { name: '파브리캐드: 학습하고 써 보기' }))
  answers['/api/trainer/status'] = running
  expect(await screen.findByText(/파브리캐드의 버전을 학습하는 중/)).toBeTruthy()
  expect(asked).toContain('POST /api/plant/choices/fabricad/serve')
  expect((await screen.findByRole('progressbar')).getAttribute('value')).toBe('40')

  answers['/api/trainer/status'] = { job_id: 'j1', status: 'completed', progress: 100 }
  answers['/api/plant/choices'] = {
    items: [choice('own', false, 'v7'), choice('fabricad', true, 'v8')],
    fixed: false,
    training_by_api: true,
  }
  answers['/api/master-data/snapshot'] = { source: '/data/fabricad' }
  await queryClient.invalidateQueries()
  expect(await screen.findByText('이제 파브리캐드 공장이 서비스합니다.')).toBeTruthy()
  expect(await screen.findByRole('link', { name: '라우팅 예측하기' })).toBeTruthy()
  expect(screen.getByRole('button', { name: '우리 공장: 돌아가기' })).toBeTruthy()
})

test('where the installation fixes the source, nothing can be chosen and the reason stands there', async () => {
  answers['/api/plant/choices'] = {
    ...(answers['/api/plant/choices'] as object),
    fixed: true,
  }
  open()
  expect(await screen.findByText(/ROUTING_ML_DATASET/)).toBeTruthy()
  for (const button of screen.getAllByRole('button'))
    expect((button as HTMLButtonElement).disabled).toBe(true)
})
