/** Says that the server is away, and when it is back. */
import { ServerOff } from 'lucide-react'
import { useEffect } from 'react'
import { onRecovered, probe, useConnection } from '@/api/connection'
import { Button } from '@/ui/Button'
import { notify } from '@/ui/toasts'
import { shellText, useShellText } from './texts'

export function OfflineBanner() {
  const online = useConnection((connection) => connection.online)
  const t = useShellText()
  useEffect(() => onRecovered(() => notify('good', shellText('recovered'))), [])
  if (online) return null
  return (
    <div
      role="alert"
      className="sticky top-0 z-50 flex flex-wrap items-center justify-center gap-3 border-b border-warn/40 bg-warn-soft px-4 py-2"
    >
      <ServerOff className="size-5 text-warn" aria-hidden />
      <span className="text-heading">{t('offline')}</span>
      <Button size="sm" onClick={() => void probe()}>
        {t('tryNow')}
      </Button>
    </div>
  )
}
