/** Shortcuts with Ctrl (or Cmd), whatever language the keyboard writes: in Hangul mode the key of S is "ㄴ". */
interface Pressed {
  key: string
  code: string
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
  shiftKey?: boolean
}

/** The Latin letter of a key; by its place on the keyboard where it writes another script. "" for other keys. */
export function letterOf({ key, code }: Pick<Pressed, 'key' | 'code'>): string {
  if (/^[a-z]$/i.test(key)) return key.toLowerCase()
  return /^Key([A-Z])$/.exec(code)?.[1]?.toLowerCase() ?? ''
}

/** The letter that is pressed together with Ctrl; "" for everything else. */
export function shortcutOf(event: Pressed): string {
  return (event.ctrlKey || event.metaKey) && !event.altKey ? letterOf(event) : ''
}
