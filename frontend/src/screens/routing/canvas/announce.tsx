/** Tells screen readers what a gesture did. */
import { create } from 'zustand'

const useAnnouncement = create<{ text: string }>(() => ({ text: '' }))

export function announce(text: string) {
  useAnnouncement.setState({ text })
}

export function Announcer() {
  const text = useAnnouncement((state) => state.text)
  return (
    <div role="status" aria-live="assertive" className="sr-only" data-testid="announcer">
      {text}
    </div>
  )
}
