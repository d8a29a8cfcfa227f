/** A text that no other has; also where the page is not served by HTTPS, which browsers ask for `crypto.randomUUID`. */
export function uniqueId(): string {
  return crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`
}
