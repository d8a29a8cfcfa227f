/** Dragging that tells screen readers nothing by itself: the screen says what happened, in the chosen language. */
const silent = () => undefined

export const QUIET_DRAG = {
  screenReaderInstructions: { draggable: '' },
  announcements: {
    onDragStart: silent,
    onDragMove: silent,
    onDragOver: silent,
    onDragEnd: silent,
    onDragCancel: silent,
  },
}
