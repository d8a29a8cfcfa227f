/** Whether the graph can run, whether it is saved, and as which revision. */
import { CircleAlert, CircleCheck } from 'lucide-react'
import { Badge } from '@/ui/Card'
import { useBlueprintText } from './texts'
import type { BlueprintDocument } from './useBlueprintDocument'

export function GraphState({ document }: { document: BlueprintDocument }) {
  const t = useBlueprintText()
  const { check, checkedNow } = document
  return (
    <div role="status" className="flex flex-wrap items-center gap-2">
      {check &&
        (!checkedNow ? (
          <Badge>{t('checking')}</Badge>
        ) : check.ok ? (
          <Badge tone="good">
            <CircleCheck className="size-3.5" aria-hidden />
            {t('valid')}
          </Badge>
        ) : (
          <Badge tone="bad">
            <CircleAlert className="size-3.5" aria-hidden />
            {t('invalid', { count: check.problems.length })}
          </Badge>
        ))}
      {document.changed && <Badge tone="accent">{t('changed')}</Badge>}
      {document.revision !== undefined && <Badge>{t('revision', { revision: document.revision })}</Badge>}
    </div>
  )
}
