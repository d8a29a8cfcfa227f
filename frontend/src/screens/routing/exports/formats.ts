/** A routing as a file in the five formats. Columns are those of the active output profile. */
import type { OperationStep, WorkflowConfig } from '@/api/types'
import { usePlantStore } from '@/api/plant'
import { stepOf } from '../store/operation'
import type { RoutingDocument } from '../store/routingDocument'

export type Format = 'csv' | 'xml' | 'json' | 'excel' | 'access'
export const FORMATS: readonly { value: Format; label: string; extension: string; mime: string }[] = [
  { value: 'csv', label: 'CSV', extension: 'csv', mime: 'text/csv;charset=utf-8' },
  { value: 'xml', label: 'XML', extension: 'xml', mime: 'application/xml' },
  { value: 'json', label: 'JSON', extension: 'json', mime: 'application/json' },
  {
    value: 'excel',
    label: 'Excel',
    extension: 'xlsx',
    mime: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  },
  { value: 'access', label: 'ACCESS', extension: 'access.xml', mime: 'application/xml' },
]

export type Value = string | number | null
export interface Sheet {
  name: string
  columns: readonly string[]
  rows: readonly (readonly Value[])[]
}

function valueOf(value: unknown): Value {
  if (value === null || value === undefined) return null
  return typeof value === 'number' || typeof value === 'string' ? value : JSON.stringify(value)
}

/** The columns of the settings; where there are none, those of the plant. */
function columnsOf(config?: WorkflowConfig): readonly string[] {
  const chosen = config?.sql.output_columns
  return chosen?.length ? chosen : (usePlantStore.getState().plant?.output_columns ?? [])
}

/** One row an operation, as it is on the canvas now. */
export function sheetOf(document: RoutingDocument, config?: WorkflowConfig): Sheet {
  const columns = columnsOf(config)
  const facts: Record<string, unknown> = {
    ...document.summary,
    ITEM_CD: document.itemCode,
    CANDIDATE_ID: document.candidateId,
  }
  const rows = document.operations.present.map((operation, position) => {
    const step: OperationStep & Record<string, unknown> = stepOf(operation, position)
    return columns.map((column) => valueOf(step[column] ?? facts[column]))
  })
  return { name: document.candidateId, columns, rows }
}

/** Several routings under each other. */
export function joined(sheets: readonly Sheet[]): Sheet {
  const [first] = sheets
  return {
    name: sheets.length === 1 && first ? first.name : 'routings',
    columns: first?.columns ?? columnsOf(),
    rows: sheets.flatMap((sheet) => sheet.rows),
  }
}

const FORMULA = /^ *[=+\-@\t\r＝＋－＠]/
const PLAIN_NUMBER = /^[+-]?\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?$/

/** Text that a spreadsheet would run as a formula gets an apostrophe in front, as in the files of the server. */
function guarded(value: string): string {
  return FORMULA.test(value) && !PLAIN_NUMBER.test(value) ? `'${value}` : value
}

/** Spreadsheets of some countries take lines apart at semicolons, whatever the separator: no formula follows one. */
function guardedParts(value: string): string {
  return value.replace(/;(\s*(?:[=@＝＠]|[+\-＋－][^\d.]))/g, ";'$1")
}

/** Quotes a value. */
function csvCell(value: Value): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const text = guardedParts(guarded(value))
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** With the byte order mark that Excel needs to read Korean. */
export function toCsv(sheet: Sheet): string {
  return (
    '\uFEFF' + [sheet.columns, ...sheet.rows].map((row) => row.map(csvCell).join(',')).join('\r\n') + '\r\n'
  )
}

export function toTabs(sheet: Sheet): string {
  const cell = (value: Value) => {
    if (value === null) return ''
    return typeof value === 'number' ? String(value) : guarded(value.replace(/[\t\r\n]+/g, ' '))
  }
  return [sheet.columns, ...sheet.rows].map((row) => row.map(cell).join('\t')).join('\n')
}

export function toJson(sheet: Sheet): string {
  const rows = sheet.rows.map((row) =>
    Object.fromEntries(sheet.columns.map((column, index) => [column, row[index] ?? null])),
  )
  return JSON.stringify(rows, null, 2)
}

/** Characters that XML 1.0 cannot hold are dropped. */
export function escapeXml(value: string): string {
  return (
    value
      // eslint-disable-next-line no-control-regex
      .replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
  )
}

/** A column's name as the server writes it in XML: what no name holds becomes an underscore. */
export function xmlName(name: string): string {
  const clean = name.replace(/[^\p{L}\p{N}_.-]/gu, '_')
  return /^[\p{L}_]/u.test(clean) ? clean : `_${clean}`
}

/** A column's name as Access reads it back from XML: what no name holds by its code, a blank as _x0020_. */
export function accessName(name: string): string {
  const code = (letter: string) =>
    `_x${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}_`
  return name.replace(/[^\p{L}\p{N}_.-]/gu, code).replace(/^[^\p{L}_]/u, code)
}

function elements(
  sheet: Sheet,
  row: readonly Value[],
  indent: string,
  nameOf: (column: string) => string,
): string {
  return sheet.columns
    .map((column, index) => {
      const value = row[index] ?? null
      const name = nameOf(column)
      return value === null ? '' : `${indent}<${name}>${escapeXml(String(value))}</${name}>\n`
    })
    .join('')
}

export function toXml(sheet: Sheet): string {
  const body = sheet.rows
    .map((row) => `  <operation>\n${elements(sheet, row, '    ', xmlName)}  </operation>\n`)
    .join('')
  return `<?xml version="1.0" encoding="UTF-8"?>\n<routing name="${escapeXml(sheet.name)}">\n${body}</routing>\n`
}

const ACCESS_TABLE = 'ROUTING_ML_OPERATIONS'

/** What Access imports as a table (External data, XML): the schema with the types, then the rows. */
export function toAccessXml(sheet: Sheet): string {
  const numeric = sheet.columns.map((_, index) => {
    const values = sheet.rows.map((row) => row[index] ?? null).filter((value) => value !== null)
    return values.length > 0 && values.every((value) => typeof value === 'number')
  })
  const types = sheet.columns
    .map((column, index) =>
      numeric[index]
        ? `          <xsd:element name="${accessName(column)}" minOccurs="0" od:jetType="double" od:sqlSType="float" type="xsd:double"/>\n`
        : `          <xsd:element name="${accessName(column)}" minOccurs="0" od:jetType="text" od:sqlSType="nvarchar"><xsd:simpleType><xsd:restriction base="xsd:string"><xsd:maxLength value="255"/></xsd:restriction></xsd:simpleType></xsd:element>\n`,
    )
    .join('')
  const rows = sheet.rows
    .map(
      (row) => `    <${ACCESS_TABLE}>\n${elements(sheet, row, '      ', accessName)}    </${ACCESS_TABLE}>\n`,
    )
    .join('')
  return `<?xml version="1.0" encoding="UTF-8"?>
<root xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:od="urn:schemas-microsoft-com:officedata">
  <xsd:schema>
    <xsd:element name="dataroot">
      <xsd:complexType><xsd:sequence><xsd:element ref="${ACCESS_TABLE}" minOccurs="0" maxOccurs="unbounded"/></xsd:sequence></xsd:complexType>
    </xsd:element>
    <xsd:element name="${ACCESS_TABLE}">
      <xsd:complexType>
        <xsd:sequence>
${types}        </xsd:sequence>
      </xsd:complexType>
    </xsd:element>
  </xsd:schema>
  <dataroot>
${rows}  </dataroot>
</root>
`
}

/** The text of a format; Excel is binary and has no text of its own, so it gives a table separated by tabs. */
export function textOf(sheet: Sheet, format: Format): string {
  switch (format) {
    case 'csv':
      return toCsv(sheet)
    case 'xml':
      return toXml(sheet)
    case 'json':
      return toJson(sheet)
    case 'access':
      return toAccessXml(sheet)
    case 'excel':
      return toTabs(sheet)
  }
}
