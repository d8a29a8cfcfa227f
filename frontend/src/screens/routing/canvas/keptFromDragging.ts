/** Handlers of a control on a card: pressing it is no beginning of a drag. */
import type { SyntheticEvent } from 'react'

const stop = (event: SyntheticEvent) => event.stopPropagation()

export const KEPT_FROM_DRAGGING = { onPointerDown: stop, onMouseDown: stop, onTouchStart: stop }
