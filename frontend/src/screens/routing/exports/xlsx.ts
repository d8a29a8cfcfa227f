/** A sheet as an Excel workbook (Office Open XML): one worksheet with a bold, frozen header row. */
import { strToU8, zipSync } from 'fflate'
import { formatNumber } from '@/i18n/format'
import { routingText } from '../texts'
import { escapeXml, type Sheet, type Value } from './formats'

const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006'
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'

/** 0 -> A, 25 -> Z, 26 -> AA. */
export function columnName(index: number): string {
  let name = ''
  for (let rest = index + 1; rest > 0; rest = Math.floor((rest - 1) / 26))
    name = String.fromCharCode(65 + ((rest - 1) % 26)) + name
  return name
}

function cell(value: Value, column: number, row: number, style = ''): string {
  if (value === null) return ''
  const place = `${columnName(column)}${row}`
  if (typeof value === 'number') {
    // Two decimals are shown, all are kept.
    const shown = style || (Number.isInteger(value) ? '' : ' s="2"')
    return `<c r="${place}"${shown}><v>${value}</v></c>`
  }
  return `<c r="${place}" t="inlineStr"${style}><is><t xml:space="preserve">${escapeXml(value)}</t></is></c>`
}

const WIDEST = 60
const MOST_CHARACTERS = 32_767

/** How many columns of a screen a text takes: Hangul and other wide signs take two. */
function widthOf(value: Value): number {
  if (value === null) return 0
  const text = typeof value === 'number' ? value.toFixed(2) : value
  let width = 0
  for (const sign of text.slice(0, WIDEST)) width += (sign.codePointAt(0) ?? 0) >= 0x1100 ? 2 : 1
  return width
}

/** Columns as wide as what is in them, within reason. */
function columnWidths(sheet: Sheet): string {
  const widths = sheet.columns.map((name, column) =>
    Math.min(
      WIDEST,
      2 + Math.max(widthOf(name), ...sheet.rows.slice(0, 1000).map((row) => widthOf(row[column] ?? null))),
    ),
  )
  const all = widths.map(
    (width, column) => `<col min="${column + 1}" max="${column + 1}" width="${width}" customWidth="1"/>`,
  )
  return `<cols>${all.join('')}</cols>`
}

/** Says which cell holds more than Excel can; nothing is cut in silence. */
function refuseTooLong(sheet: Sheet) {
  sheet.rows.forEach((row, place) =>
    row.forEach((value, column) => {
      if (typeof value === 'string' && value.length > MOST_CHARACTERS)
        throw new Error(
          routingText('cellTooLong', {
            column: sheet.columns[column] ?? '',
            row: place + 1,
            most: formatNumber(MOST_CHARACTERS, 0),
          }),
        )
    }),
  )
}

function sheetXml(sheet: Sheet): string {
  const header = `<row r="1">${sheet.columns.map((name, index) => cell(name, index, 1, ' s="1"')).join('')}</row>`
  const rows = sheet.rows.map(
    (row, index) =>
      `<row r="${index + 2}">${row.map((value, column) => cell(value, column, index + 2)).join('')}</row>`,
  )
  return `${HEAD}<worksheet xmlns="${MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>${columnWidths(sheet)}<sheetData>${header}${rows.join('')}</sheetData></worksheet>`
}

/** Names of worksheets have at most 31 characters, not these, no apostrophe at an end, and are not "History". */
function sheetName(name: string): string {
  const clean = name
    .replace(/[\\/?*[\]:]/g, ' ')
    .slice(0, 31)
    .replace(/[\uD800-\uDBFF]$/, '')
    .replace(/^'+|'+$/g, '')
    .trim()
  return escapeXml(clean && clean.toLowerCase() !== 'history' ? clean : 'Routing')
}

export function toXlsx(sheet: Sheet): Uint8Array<ArrayBuffer> {
  refuseTooLong(sheet)
  const files: Record<string, string> = {
    '[Content_Types].xml': `${HEAD}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>`,
    '_rels/.rels': `${HEAD}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    'xl/workbook.xml': `${HEAD}<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets><sheet name="${sheetName(sheet.name)}" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `${HEAD}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${OFFICE}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="${OFFICE}/styles" Target="styles.xml"/></Relationships>`,
    'xl/styles.xml': `${HEAD}<styleSheet xmlns="${MAIN}"><fonts count="2"><font><sz val="11"/><name val="Malgun Gothic"/></font><font><b/><sz val="11"/><name val="Malgun Gothic"/></font></fonts><fills count="1"><fill><patternFill patternType="none"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf fontId="0"/><xf fontId="1" applyFont="1"/><xf fontId="0" numFmtId="4" applyNumberFormat="1"/></cellXfs></styleSheet>`,
    'xl/worksheets/sheet1.xml': sheetXml(sheet),
  }
  return zipSync(Object.fromEntries(Object.entries(files).map(([path, text]) => [path, strToU8(text)])))
}
