/** The keys of the canvas, on demand. */
import { Keyboard } from 'lucide-react'
import { Popover } from 'radix-ui'
import { useRoutingText } from '../texts'

const KEYS = ['key.select', 'key.move', 'key.edit', 'key.remove', 'key.undo', 'key.save', 'key.add'] as const

export function ShortcutHelp() {
  const t = useRoutingText()
  return (
    <Popover.Root>
      <Popover.Trigger className="inline-flex items-center gap-1.5 rounded-full px-3 py-1 text-[0.86rem] text-accent-ink hover:bg-accent-soft">
        <Keyboard className="size-4" aria-hidden />
        {t('shortcuts')}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          sideOffset={6}
          collisionPadding={12}
          className="card z-40 max-h-(--radix-popover-content-available-height) max-w-md overflow-y-auto bg-[oklch(0.97_0.015_228)] p-4"
          aria-label={t('shortcuts')}
        >
          <ul className="space-y-1 text-[0.88rem]">
            {KEYS.map((key) => (
              <li key={key}>{t(key)}</li>
            ))}
          </ul>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}
