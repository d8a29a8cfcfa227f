import { expect, test } from 'vitest'
import document from '../../openapi.json'

const sources = import.meta.glob<string>('../**/*.{ts,tsx}', {
  query: '?raw',
  import: 'default',
  eager: true,
})

/** Addresses as they stand in the sources; what is filled in counts as one part of the path. */
function addresses(): [string, string][] {
  return Object.entries(sources)
    .filter(([file]) => !file.includes('.test.') && !file.endsWith('schema.ts'))
    .flatMap(([file, text]) =>
      [...text.matchAll(/['"`](\/api\/[^'"`?\s]+)/g)].map((found): [string, string] => [
        file,
        found[1] ?? '',
      ]),
    )
}

/** Whether the gateway has the address, or addresses below it; parts that are filled in fit every part. */
function isKnown(address: string): boolean {
  const asked = address
    .replaceAll(/\$\{[^}]+\}/g, '{}')
    .replace(/\/$/, '')
    .split('/')
  return Object.keys(document.paths).some((path) => {
    const parts = path.split('/')
    return asked.every((part, at) => part === '{}' || part === parts[at] || !!parts[at]?.startsWith('{'))
  })
}

test('every address that the screens ask for is one of the gateway', () => {
  const asked = addresses()
  expect(asked.length).toBeGreaterThan(30)
  expect(asked.filter(([, path]) => !isKnown(path))).toEqual([])
})
