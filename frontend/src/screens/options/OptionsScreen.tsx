/** 옵션: statistics, search, mapping, source and ERP. Administrators change them; they apply at once in every process. */
import { History, Save, Undo2 } from 'lucide-react'
import { useState } from 'react'
import { RevisionsDialog } from '@/blueprint/RevisionsDialog'
import { useIsAdmin } from '@/session/session'
import { Button } from '@/ui/Button'
import { Card } from '@/ui/Card'
import { goToWrongNumber } from '@/ui/NumberField'
import { QueryPanel } from '@/ui/PanelState'
import { useSaveKey } from '@/ui/useSaveKey'
import { InputProfiles } from '@/screens/mapping/InputProfiles'
import { AccessPanel } from './AccessPanel'
import { DeviationPanel } from './DeviationPanel'
import { SimilarityPanel } from './SimilarityPanel'
import { useOptionsText } from './texts'
import { TrainingPanel } from './TrainingPanel'
import { useSettingsDraft } from './useSettingsDraft'

export default function OptionsScreen() {
  const t = useOptionsText()
  const isAdmin = useIsAdmin()
  const draft = useSettingsDraft()
  const readOnly = !isAdmin
  const [revisions, setRevisions] = useState(false)
  const save = () => {
    if (!readOnly && draft.changes > 0 && !draft.saving && !goToWrongNumber()) void draft.save()
  }
  useSaveKey(save)
  return (
    <div className="flex flex-col gap-5">
      {readOnly && (
        <p role="note" className="card px-5 py-3">
          {t('readOnly')}
        </p>
      )}
      <QueryPanel query={draft.workflow} rows={10}>
        {() => (
          <>
            <DeviationPanel draft={draft} readOnly={readOnly} />
            <SimilarityPanel draft={draft} readOnly={readOnly} />
            <Card title={t('mapping')} description={t('mappingAbout')}>
              <InputProfiles />
            </Card>
            <TrainingPanel draft={draft} readOnly={readOnly} />
            <AccessPanel draft={draft} readOnly={readOnly} />
          </>
        )}
      </QueryPanel>
      {!readOnly && (
        <div
          data-save-bar=""
          className="card sticky bottom-3 z-20 flex flex-wrap items-center justify-between gap-3 px-5 py-3"
        >
          <span role="status">
            {draft.changes > 0 ? t('unsavedState', { count: draft.changes }) : t('savedState')}
            {draft.stored?.revision !== undefined && (
              <span className="ml-2 text-muted">{t('revision', { revision: draft.stored.revision })}</span>
            )}
          </span>
          <div className="flex flex-wrap gap-2">
            <Button icon={History} onClick={() => setRevisions(true)}>
              {t('revisions')}
            </Button>
            <Button icon={Undo2} disabled={draft.changes === 0} onClick={draft.discard}>
              {t('discard')}
            </Button>
            <Button
              variant="primary"
              icon={Save}
              busy={draft.saving}
              disabled={draft.changes === 0}
              onClick={save}
            >
              {t('saveAll')}
            </Button>
          </div>
        </div>
      )}
      {revisions && (
        <RevisionsDialog readOnly={readOnly} onReverted={draft.discard} onClose={() => setRevisions(false)} />
      )}
    </div>
  )
}
