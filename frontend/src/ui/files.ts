/** Files and the clipboard, in the browser. */
import { commonText } from '@/i18n/common'
import { formatBytes } from '@/i18n/format'
import { notify } from './toasts'

export function downloadFile(name: string, content: BlobPart, type: string) {
  const url = URL.createObjectURL(new Blob([content], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  document.body.append(link)
  link.click()
  link.remove()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** The file that an answer carries, under the name that the server gives it. */
export async function downloadAnswer(answer: Response, otherwise: string) {
  const disposition = answer.headers.get('content-disposition') ?? ''
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition)?.[1]
  const plain = /filename="([^"]+)"/i.exec(disposition)?.[1]
  const name = encoded ? decodeURIComponent(encoded) : (plain ?? otherwise)
  downloadFile(name, await answer.blob(), answer.headers.get('content-type') ?? 'application/octet-stream')
}

/** A name that every file system takes. */
export function safeFileName(name: string): string {
  // eslint-disable-next-line no-control-regex
  return name.replace(/[\\/:*?"<>|\u0000-\u001F]+/g, '_').slice(0, 100) || 'routing'
}

/** Copies text; falls back to a selection where the clipboard API needs https. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const area = document.createElement('textarea')
    area.value = text
    area.style.position = 'fixed'
    area.style.opacity = '0'
    document.body.append(area)
    area.select()
    const copied = document.execCommand('copy')
    area.remove()
    return copied
  }
}

/** Lets the person choose a file and reads it as text; null when none is chosen or it is too big, which is said. */
export function chooseTextFile(
  accept: string,
  mostBytes = 5_000_000,
): Promise<{ name: string; text: string } | null> {
  return new Promise((resolve, reject) => {
    const input = document.createElement('input')
    input.type = 'file'
    input.accept = accept
    input.onchange = () => {
      const file = input.files?.[0]
      if (!file) resolve(null)
      else if (file.size > mostBytes) {
        notify('bad', commonText('fileTooBig', { name: file.name, most: formatBytes(mostBytes) }))
        resolve(null)
      } else file.text().then((text) => resolve({ name: file.name, text }), reject)
    }
    input.oncancel = () => resolve(null)
    input.click()
  })
}
