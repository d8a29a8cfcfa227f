/** Short notices at the lower left, where no screen has its buttons for saving, or beside an editor that is open there; announced to screen readers. */
import { CircleCheck, Info, TriangleAlert, X } from 'lucide-react'
import { useLayoutEffect, useState } from 'react'
import { create } from 'zustand'
import { Button, IconButton } from './Button'
import { useCommonText } from '@/i18n/common'

type Tone = 'good' | 'bad' | 'info'
interface Toast {
  id: number
  tone: Tone
  text: string
  action?: ToastAction
}

/** What can be done about a notice. */
export interface ToastAction {
  label: string
  run: () => void
}

const useToasts = create<{ toasts: Toast[] }>(() => ({ toasts: [] }))
let next = 1

function dismiss(id: number) {
  useToasts.setState((state) => ({ toasts: state.toasts.filter((toast) => toast.id !== id) }))
}

const MOST = 4

/** As many as there is room for: what goes by itself gives way first, an error only to newer errors. */
function kept(toasts: readonly Toast[]): Toast[] {
  const errors = toasts.filter((toast) => toast.tone === 'bad').slice(-MOST)
  const others = toasts.filter((toast) => toast.tone !== 'bad').slice(-MOST)
  const room = Math.max(1, MOST - errors.length)
  const shown = new Set([...errors, ...others.slice(-room)])
  return toasts.filter((toast) => shown.has(toast))
}

/** Pixels from the window's lower edge that bars with buttons for saving take. */
function roomBelow(): number {
  const bars = [...document.querySelectorAll('[data-save-bar]')].map((bar) => bar.getBoundingClientRect())
  const standing = bars.filter(
    (bar) => bar.bottom <= window.innerHeight && bar.bottom > window.innerHeight - 48,
  )
  return Math.max(LEAST_BELOW, ...standing.map((bar) => window.innerHeight - bar.top + 12))
}

const LEAST_BELOW = 80
const MARGIN = 16
const WIDEST = 416

/** Where notices stand from left to right, in pixels: what is being written is not covered. */
export function roomBeside(editor: Pick<DOMRect, 'left' | 'right'> | null, window: number) {
  const widest = Math.min(WIDEST, window - 2 * MARGIN)
  if (!editor) return { left: MARGIN, width: widest }
  const [before, after] = [editor.left - 2 * MARGIN, window - editor.right - 2 * MARGIN]
  if (before >= widest) return { left: MARGIN, width: widest }
  return before >= after
    ? { left: MARGIN, width: before }
    : { left: editor.right + MARGIN, width: Math.min(widest, after) }
}

/** The editor that is open over the screen. */
function openEditor(): DOMRect | null {
  return document.querySelector('[data-editor]')?.getBoundingClientRect() ?? null
}

/** Errors stay until they are closed; everything else goes after six seconds, after twenty where something can be done. */
export function notify(tone: Tone, text: string, action?: ToastAction) {
  const id = next++
  useToasts.setState((state) => ({
    toasts: kept([...state.toasts.filter((toast) => toast.text !== text), { id, tone, text, action }]),
  }))
  if (tone !== 'bad') setTimeout(() => dismiss(id), action ? 20_000 : 6000)
}

const ICONS = { good: CircleCheck, bad: TriangleAlert, info: Info }
const TONES = { good: 'text-good', bad: 'text-bad', info: 'text-accent-ink' }

export function Toasts() {
  const toasts = useToasts((state) => state.toasts)
  const t = useCommonText()
  const [place, setPlace] = useState({ bottom: LEAST_BELOW, left: MARGIN, width: WIDEST })
  useLayoutEffect(() => {
    if (toasts.length === 0) return undefined
    const measure = () =>
      setPlace({ bottom: roomBelow(), ...roomBeside(openEditor(), document.documentElement.clientWidth) })
    measure()
    // Editors are hung on the page when they open, and put at their place a moment later.
    const editors = new MutationObserver(() => requestAnimationFrame(() => requestAnimationFrame(measure)))
    editors.observe(document.body, { childList: true })
    const bars = new ResizeObserver(measure)
    document.querySelectorAll('[data-save-bar]').forEach((bar) => bars.observe(bar))
    window.addEventListener('resize', measure)
    window.addEventListener('scroll', measure, { passive: true })
    return () => {
      bars.disconnect()
      editors.disconnect()
      window.removeEventListener('resize', measure)
      window.removeEventListener('scroll', measure)
    }
  }, [toasts])
  return (
    <div
      role="status"
      data-notices=""
      aria-live="polite"
      style={place}
      className="pointer-events-none fixed z-[60] flex flex-col gap-2"
    >
      {toasts.map((toast) => {
        const Icon = ICONS[toast.tone]
        return (
          <div
            key={toast.id}
            data-notice=""
            className="card pointer-events-auto flex items-start gap-3 bg-[oklch(0.97_0.015_228)] px-4 py-3"
          >
            <Icon className={`mt-0.5 size-5 shrink-0 ${TONES[toast.tone]}`} aria-hidden />
            <div className="min-w-0 flex-1">
              <p className="break-words whitespace-pre-line">{toast.text}</p>
              {toast.action && (
                <Button size="sm" className="mt-1" onClick={toast.action.run}>
                  {toast.action.label}
                </Button>
              )}
            </div>
            <IconButton icon={X} label={t('close')} onClick={() => dismiss(toast.id)} />
          </div>
        )
      })}
    </div>
  )
}
