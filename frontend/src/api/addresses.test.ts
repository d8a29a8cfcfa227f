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

/** Whether the gateway has the address, or addresses below it. */
function isKnown(address: string): boolean {
  return Object.keys(document.paths).some(
    (path) =>
      path.startsWith(`${address}/`) ||
      new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`).test(address),
  )
}

test('every address that the screens ask for is one of the gateway', () => {
  const asked = addresses()
  expect(asked.length).toBeGreaterThan(30)
  const unknown = asked.filter(
    ([, path]) => !isKnown(path.replaceAll(/\$\{[^}]+\}/g, 'x').replace(/\/$/, '')),
  )
  expect(unknown).toEqual([])
})
