/** Where a part of the program could not be fetched: why, and how it comes. The page reloads when the server answers, else it would go blank. */
import { RefreshCw, Unplug } from 'lucide-react'
import { probe, useConnection } from '@/api/connection'
import { useCommonText } from '@/i18n/common'
import { useState } from 'react'
import { Button } from './Button'

async function reloadWhenReachable() {
  await probe()
  if (useConnection.getState().online) window.location.reload()
}

export function ScriptFailed() {
  const t = useCommonText()
  const online = useConnection((connection) => connection.online)
  const [busy, setBusy] = useState(false)
  const reload = () => {
    setBusy(true)
    void reloadWhenReachable().finally(() => setBusy(false))
  }
  return (
    <div
      role="alert"
      className="mx-auto my-4 flex max-w-2xl flex-col items-center gap-2 rounded-2xl border border-warn/40 bg-warn-soft px-4 py-5 text-center"
    >
      <Unplug className="size-6 text-warn" aria-hidden />
      <p className="font-medium text-heading">{t('scriptFailed')}</p>
      <p className="text-[0.86rem] text-body">{t(online ? 'scriptReplaced' : 'scriptUnreachable')}</p>
      <Button size="sm" icon={RefreshCw} busy={busy} onClick={reload}>
        {t('reload')}
      </Button>
    </div>
  )
}
