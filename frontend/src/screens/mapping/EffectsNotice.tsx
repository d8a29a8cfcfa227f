/** What the profile that is being edited would change once it is active, said before it is saved. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { inputProfileEffects, type InputProfile } from '@/api/mapping'
import { noticeTexts } from '@/i18n/notices'
import { useMappingText } from './texts'

/** How long somebody has stopped typing before the server is asked, in milliseconds. */
const PAUSE = 400

export function EffectsNotice({ profile }: { profile: InputProfile }) {
  const t = useMappingText()
  const [settled, setSettled] = useState(profile)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(profile), PAUSE)
    return () => clearTimeout(timer)
  }, [profile])
  const effects = useQuery({
    queryKey: ['profile-effects', settled],
    queryFn: ({ signal }) => inputProfileEffects(settled, signal),
    placeholderData: keepPreviousData,
    retry: false,
  })
  if (!effects.data) return null
  const { refresh, training, changed_columns: changed, problems, problem_notices } = effects.data
  return (
    <div
      role="status"
      className="mb-3 rounded-2xl border border-warn/40 bg-warn-soft px-4 py-2 text-[0.9rem]"
    >
      <b>{t('effects')}</b>
      <ul className="list-disc pl-5">
        {!refresh && !training && <li>{t('effectNone')}</li>}
        {refresh && <li title={changed.join(', ')}>{t('effectRefresh', { count: changed.length })}</li>}
        {training && <li>{t('effectTraining')}</li>}
      </ul>
      {problems.length > 0 && (
        <>
          <b className="text-bad">{t('effectProblems', { count: problems.length })}</b>
          <ul className="max-h-32 list-disc overflow-y-auto pl-5">
            {noticeTexts(problems, problem_notices).map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        </>
      )}
    </div>
  )
}
