import { strFromU8, unzipSync } from 'fflate'
import { beforeEach, expect, test } from 'vitest'
import { SAMPLE } from '@/testing/samples'
import { useRouting } from '../store/routingStore'
import { sheetOf, textOf, toAccessXml, toCsv, toXml, type Sheet } from './formats'
import { columnName, toXlsx } from './xlsx'

const sheet: Sheet = {
  name: '<A & "B">',
  columns: ['CODE', 'NAME', 'TIME'],
  rows: [
    ['A"1', '선삭, 1차\n두 줄', 3.25],
    ['=SUM(A1)', null, -1],
  ],
}

beforeEach(() => {
  useRouting.getState().reset()
  useRouting.getState().showPrediction(SAMPLE, false)
})

test('a routing becomes one row an operation with new sequence numbers and edited times', () => {
  const { documents, editTimes, move } = useRouting.getState()
  const first = documents[0]?.baseline[0]
  if (!first) throw new Error('no operation')
  editTimes(first.id, { run: 99 })
  move(first.id, 2)
  const edited = useRouting.getState().documents[0]
  if (!edited) throw new Error('no document')
  const { columns, rows } = sheetOf(edited)
  const cell = (row: number, column: string) => rows[row]?.[columns.indexOf(column)]
  expect(rows.map((row) => row[columns.indexOf('PROC_SEQ')])).toEqual([10, 20, 30])
  expect(cell(2, 'JOB_NM')).toBe('톱절단')
  expect(cell(2, 'MACH_WORKED_HOURS')).toBe(99)
  expect(cell(0, 'ITEM_CD')).toBe('SLS-1')
})

test('CSV quotes what needs it, starts with the byte order mark and defuses formulas', () => {
  expect(toCsv(sheet)).toBe('\uFEFFCODE,NAME,TIME\r\n"A""1","선삭, 1차\n두 줄",3.25\r\n\'=SUM(A1),,-1\r\n')
})

test('no cell of a text is run by a spreadsheet, wherever it takes lines apart, and numbers stay', () => {
  const rows = [
    [' =1+1', '＝1', 'a; =1+1;@x;-cmd'],
    ['-5.5', '+3,2', '1;-5'],
  ]
  const texts: Sheet = { name: 'x', columns: ['A', 'B', 'C'], rows }
  expect(toCsv(texts).split('\r\n').slice(1, 3)).toEqual([
    "' =1+1,'＝1,a;' =1+1;'@x;'-cmd",
    '-5.5,"+3,2",1;-5',
  ])
  expect(textOf({ ...texts, rows: [['=1+1\t2', '-5', '@x']] }, 'excel').split('\n')[1]).toBe(
    "'=1+1 2\t-5\t'@x",
  )
})

test('XML escapes names and values and leaves absent ones out', () => {
  const document = new DOMParser().parseFromString(toXml(sheet), 'application/xml')
  expect(document.querySelector('parsererror')).toBeNull()
  expect(document.documentElement.getAttribute('name')).toBe('<A & "B">')
  expect(document.querySelectorAll('operation')[1]?.querySelector('NAME')).toBeNull()
})

test('the Access form declares number columns as numbers', () => {
  const text = toAccessXml(sheet)
  expect(text).toContain('name="TIME" minOccurs="0" od:jetType="double"')
  expect(text).toContain('name="NAME" minOccurs="0" od:jetType="text"')
})

test('Excel is a workbook with a sheet that holds every value', () => {
  const files = unzipSync(toXlsx(sheet))
  const written = strFromU8(files['xl/worksheets/sheet1.xml'] ?? new Uint8Array())
  expect(written).toContain('<c r="C2" s="2"><v>3.25</v></c>')
  expect(written).toContain('선삭, 1차')
  expect(Object.keys(files)).toContain('[Content_Types].xml')
})

test('columns of a sheet are named as in Excel', () => {
  expect([0, 25, 26, 51, 702].map(columnName)).toEqual(['A', 'Z', 'AA', 'AZ', 'AAA'])
})

test('the clipboard gets Excel as a table separated by tabs', () => {
  expect(textOf(sheet, 'excel').split('\n')[0]).toBe('CODE\tNAME\tTIME')
})

test('a workbook has columns as wide as their contents and refuses a text that no cell holds', () => {
  const long = { ...sheet, rows: [['A', 'x'.repeat(32_768), 1]] }
  expect(() => toXlsx(long)).toThrow(/1행 NAME/)
  const files = unzipSync(toXlsx({ ...sheet, rows: [['A', '선삭 1차 가공 공정', 34.20958761556344]] }))
  const written = strFromU8(files['xl/worksheets/sheet1.xml'] ?? new Uint8Array())
  expect(written).toContain('<col min="2" max="2" width="20" customWidth="1"/>')
  expect(strFromU8(files['xl/styles.xml'] ?? new Uint8Array())).toContain('numFmtId="4"')
})

test('columns of any plant have names that XML holds, and Access reads its own back', () => {
  const other: Sheet = { name: 'x', columns: ['Planned cost', '3. Maß [mm]'], rows: [[1, 'a']] }
  for (const text of [toXml(other), toAccessXml(other)])
    expect(new DOMParser().parseFromString(text, 'application/xml').querySelector('parsererror')).toBeNull()
  expect(toXml(other)).toContain('<Planned_cost>1</Planned_cost>')
  expect(toXml(other)).toContain('<_3._Maß__mm_>a</_3._Maß__mm_>')
  expect(toAccessXml(other)).toContain('<Planned_x0020_cost>1</Planned_x0020_cost>')
  expect(toAccessXml(other)).toContain('<_x0033_._x0020_Maß_x0020__x005B_mm_x005D_>a<')
})
