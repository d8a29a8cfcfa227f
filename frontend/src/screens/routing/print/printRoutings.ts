/** Routing sheets on paper: one page an item, printed from a frame of its own so that the screen stays as it is. */
import { commonText } from '@/i18n/common'
import { formatNumber, formatTime } from '@/i18n/format'
import { currentLanguage } from '@/i18n'
import { queryClient } from '@/api/queryClient'
import type { ItemFacts } from '@/api/items'
import { notify } from '@/ui/toasts'
import { nameOf } from '../groups/saveOptions'
import { routingsFor } from '../groups/useSaving'
import { machineOf, totals } from '../store/operation'
import type { RoutingDocument } from '../store/routingDocument'
import { useRouting } from '../store/routingStore'
import { routingText } from '../texts'

const STYLE = `
@page { size: A4; margin: 14mm }
* { box-sizing: border-box }
body { font: 10pt/1.4 Pretendard, 'Malgun Gothic', 'Segoe UI', 'Noto Sans KR', sans-serif; color: #000; margin: 0 }
section { break-after: page }
section:last-child { break-after: auto }
h1 { font-size: 15pt; margin: 0 0 2mm }
dl { display: grid; grid-template-columns: repeat(3, 1fr); gap: 1mm 6mm; margin: 0 0 4mm }
dt { color: #444; font-size: 8pt } dd { margin: 0; overflow-wrap: anywhere }
table { width: 100%; border-collapse: collapse } thead { display: table-header-group } tr { break-inside: avoid }
th, td { border: 1px solid #777; padding: 1mm 2mm; text-align: left; overflow-wrap: anywhere }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
tfoot td { font-weight: bold }
footer { margin-top: 4mm; font-size: 8pt; color: #444 }
`

function element(name: string, text = '', className = ''): HTMLElement {
  const made = document.createElement(name)
  made.textContent = text
  if (className) made.className = className
  return made
}

function factsOf(code: string): ItemFacts | undefined {
  const codes = useRouting.getState().work.codes
  return queryClient
    .getQueryData<ReadonlyMap<string, ItemFacts>>(['item-facts', codes])
    ?.get(code.toLowerCase())
}

/** One page: the item, its operations, the sums. */
export function routingSheet(routing: RoutingDocument): HTMLElement {
  const facts = factsOf(routing.itemCode)
  const page = element('section')
  page.append(element('h1', `${routingText('sheetTitle')} · ${routing.itemCode}`))
  const list = element('dl')
  const told: [string, string | null | undefined][] = [
    [routingText('column.name'), facts?.item_name],
    [
      routingText('column.drawing'),
      facts?.drawing && [facts.drawing, facts.revision].filter(Boolean).join(' '),
    ],
    [routingText('column.spec'), facts?.spec],
    [routingText('column.material'), facts?.material],
    [routingText('groupName'), nameOf(routing)],
    [routingText('metric.model'), routing.proposal?.modelVersion],
  ]
  for (const [label, value] of told) {
    const pair = element('div')
    pair.append(element('dt', label), element('dd', value || '–'))
    list.append(pair)
  }
  page.append(list)
  const operations = routing.operations.present
  const table = element('table')
  const head = element('tr')
  const columns = ['no', 'processCode', 'processName', 'machine', 'setup', 'runTime', 'wait'] as const
  columns.forEach((column, place) =>
    head.append(element('th', routingText(column), place > 3 ? 'number' : '')),
  )
  const thead = element('thead')
  thead.append(head)
  const body = element('tbody')
  operations.forEach((operation, place) => {
    const machine = machineOf(operation)
    const row = element('tr')
    row.append(
      element('td', String((place + 1) * 10)),
      element('td', operation.code),
      element('td', operation.name),
      element('td', [machine.code, machine.name].filter(Boolean).join(' ')),
      ...[operation.setup, operation.run, operation.wait].map((value) =>
        element('td', formatNumber(value, 2), 'number'),
      ),
    )
    body.append(row)
  })
  const sums = totals(operations)
  const foot = element('tr')
  const label = element('td', `${routingText('total')} (${commonText('minutes')})`)
  label.setAttribute('colspan', '4')
  foot.append(
    label,
    ...[sums.setup, sums.run, sums.wait].map((sum) => element('td', formatNumber(sum, 2), 'number')),
  )
  const tfoot = element('tfoot')
  tfoot.append(foot)
  table.append(thead, body, tfoot)
  page.append(table, element('footer', `Routing ML · ${formatTime(Date.now() / 1000)}`))
  return page
}

export function printRoutings(codes: readonly string[]) {
  const routings = routingsFor(codes)
  if (routings.length === 0) {
    notify('info', routingText('nothingToSave'))
    return
  }
  document.getElementById('routing-sheets')?.remove()
  const frame = document.createElement('iframe')
  frame.id = 'routing-sheets'
  frame.title = routingText('sheetTitle')
  frame.tabIndex = -1
  frame.setAttribute('aria-hidden', 'true')
  frame.className = 'pointer-events-none fixed -left-[10000px] top-0 h-[297mm] w-[210mm]'
  document.body.append(frame)
  const inner = frame.contentDocument
  if (!inner) return
  inner.documentElement.lang = currentLanguage()
  inner.title = routingText('sheetTitle')
  const style = inner.createElement('style')
  style.textContent = STYLE
  inner.head.append(style)
  inner.body.append(...routings.map((routing) => inner.adoptNode(routingSheet(routing))))
  frame.contentWindow?.addEventListener('afterprint', () => frame.remove())
  frame.contentWindow?.print()
}
