import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render, screen } from '@testing-library/react'
import { expect, test, vi } from 'vitest'
import { useReport } from './reports'

function Shown() {
  const report = useReport('v1', 'time_profiles')
  return <p>{report.data === null ? 'none' : JSON.stringify(report.data ?? 'waiting')}</p>
}

function show(artifacts: Record<string, { path: string }>) {
  const asked: string[] = []
  vi.stubGlobal('fetch', (path: string) => {
    asked.push(path)
    const body = path.endsWith('/time_profiles') ? { strategy: 'sigma' } : { manifest: { artifacts } }
    return Promise.resolve(new Response(JSON.stringify(body)))
  })
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Shown />
    </QueryClientProvider>,
  )
  return asked
}

test('a report that the manifest does not list is not asked for', async () => {
  const asked = show({ training_metrics: { path: 'training_metrics.json' } })
  await screen.findByText('none')
  expect(asked).toEqual(['/api/trainer/versions/v1'])
})

test('a report that the manifest lists is read', async () => {
  show({ time_profiles: { path: 'time_profiles.json' } })
  await screen.findByText('{"strategy":"sigma"}')
})
