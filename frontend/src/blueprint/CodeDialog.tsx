/** The Python wrapper that is generated from the graph. */
import { ClipboardCopy } from 'lucide-react'
import { useState } from 'react'
import { useWrapper } from '@/api/blueprint'
import { Button } from '@/ui/Button'
import { Dialog } from '@/ui/Dialog'
import { SelectField } from '@/ui/Field'
import { copyText } from '@/ui/files'
import { QueryPanel } from '@/ui/PanelState'
import { notify } from '@/ui/toasts'
import { useCommonText } from '@/i18n/common'
import { useBlueprintText } from './texts'

interface CodeDialogProps {
  /** Source for the graph that is not saved yet. */
  draft: string | null
  onClose: () => void
}

export function CodeDialog({ draft, onClose }: CodeDialogProps) {
  const t = useBlueprintText()
  const common = useCommonText()
  const [revision, setRevision] = useState(0)
  const wrapper = useWrapper(draft === null ? revision : null)
  const source = draft ?? wrapper.data?.source ?? ''
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={t('wrapper')}
      description={draft === null ? t('wrapperAbout') : t('wrapperDraft')}
      footer={
        <Button
          icon={ClipboardCopy}
          disabled={!source}
          onClick={() =>
            void copyText(source).then((done) =>
              notify(done ? 'good' : 'bad', common(done ? 'copied' : 'copyFailed')),
            )
          }
        >
          {common('copy')}
        </Button>
      }
    >
      {draft !== null ? (
        <Code source={draft} />
      ) : (
        <QueryPanel query={wrapper} rows={8}>
          {(data) => (
            <>
              <div className="mb-2 flex flex-wrap items-end gap-4">
                <SelectField
                  label={t('revisions')}
                  value={String(data.revision)}
                  options={[...new Set([data.revision, ...data.revisions])].map((number) => ({
                    value: String(number),
                    label: t('revision', { revision: number }),
                  }))}
                  onChange={(event) => setRevision(Number(event.target.value))}
                />
                <p className="pb-2 font-mono text-[0.8rem] break-all text-muted">
                  {t('wrapperPath')}: {data.path}
                </p>
              </div>
              <Code source={data.source} />
            </>
          )}
        </QueryPanel>
      )}
    </Dialog>
  )
}

function Code({ source }: { source: string }) {
  return (
    <pre
      tabIndex={0}
      className="max-h-[55vh] overflow-auto rounded-xl bg-blueprint p-4 font-mono text-[0.8rem] leading-relaxed text-blueprint-text"
    >
      {source}
    </pre>
  )
}
