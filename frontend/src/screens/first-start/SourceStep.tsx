/** Step 1: where the data are. */
import { Search } from 'lucide-react'
import { useState } from 'react'
import { reasonOf } from '@/api/errors'
import { useSuggestion } from '@/api/suggestion'
import { Button } from '@/ui/Button'
import { TextField } from '@/ui/Field'
import { Failed } from '@/ui/PanelState'
import { TextLink } from '@/ui/TextLink'
import { showDraft, useGuide } from './guideStore'
import { Step } from './Step'
import { useGuideText } from './texts'

const NOT_ALLOWED = ['PATH_NOT_ALLOWED', 'SERVER_NOT_ALLOWED']

export function SourceStep() {
  const t = useGuideText()
  const { path, suggestion } = useGuide()
  const [typed, setTyped] = useState(path)
  const look = useSuggestion()
  const start = () => {
    const wanted = { path: typed.trim(), answers: {} }
    look.mutate(wanted, { onSuccess: (found) => showDraft(wanted.path, wanted.answers, found) })
  }
  const refused = NOT_ALLOWED.includes(reasonOf(look.error) ?? '')
  return (
    <Step number={1} title={t('source')} about={t('sourceAbout')} done={suggestion !== null}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          start()
        }}
      >
        <TextField
          label={t('path')}
          hint={t('pathHint')}
          placeholder="\\server\share\plant.accdb"
          spellCheck={false}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <div>
          <Button
            type="submit"
            variant="primary"
            icon={Search}
            busy={look.isPending}
            disabled={!typed.trim()}
          >
            {t('look')}
          </Button>
        </div>
        {look.isPending && <p role="status">{t('looking')}</p>}
        {look.isError && <Failed error={look.error} />}
        {refused && <TextLink href="/options">{t('allow')}</TextLink>}
      </form>
    </Step>
  )
}
