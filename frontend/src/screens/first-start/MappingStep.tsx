/** Step 3: which table and column was taken for what, with real values beside it. */
import type { Suggestion, SuggestedRole } from '@/api/suggestion'
import { noticeText } from '@/i18n/notices'
import { Badge } from '@/ui/Card'
import { TextLink } from '@/ui/TextLink'
import { Step } from './Step'
import { useGuideText } from './texts'

const CELL = 'border-b border-line/60 px-2 py-1 align-top [overflow-wrap:anywhere]'
const TIMES = ['setup', 'run', 'queue', 'wait', 'move']

export function MappingStep({ suggestion }: { suggestion: Suggestion }) {
  const t = useGuideText()
  return (
    <Step number={3} title={t('mapping')} about={t('mappingAbout')} done={suggestion.questions.length === 0}>
      <div className="grid gap-5 xl:grid-cols-2">
        <section aria-label={t('operations')} className="min-w-0">
          <h3 className="mb-1 text-[0.95rem]">
            {t('operations')}: {suggestion.operations_table}{' '}
            {suggestion.operations_by_query && <Badge tone="accent">{t('byQuery')}</Badge>}
          </h3>
          <div className="overflow-x-auto">
            <table className="w-full text-[0.88rem]">
              <Heads names={['role', 'column', 'values']} />
              <tbody>
                {suggestion.roles.map((role) => (
                  <tr key={role.role}>
                    <th scope="row" className={`${CELL} text-left font-medium text-heading`}>
                      {t(`role.${role.role}` as 'role.item')}
                    </th>
                    <td className={CELL}>
                      {role.column}
                      <UnitOf role={role} />
                    </td>
                    <td className={`${CELL} text-muted`}>{role.examples.join(' · ')}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {suggestion.results_table && (
            <p className="mt-2 text-[0.88rem]">{t('results', { table: suggestion.results_table })}</p>
          )}
        </section>
        <section aria-label={t('items')} className="min-w-0">
          <h3 className="mb-1 text-[0.95rem]">
            {t('items')}: {suggestion.items_table || suggestion.operations_table}{' '}
            {suggestion.items_by_query && <Badge tone="accent">{t('byQuery')}</Badge>}
          </h3>
          <div className="max-h-96 overflow-auto">
            <table className="w-full text-[0.88rem]">
              <Heads names={['column', 'kind', 'values']} />
              <tbody>
                {suggestion.features.map((feature) => (
                  <tr key={feature.column}>
                    <th scope="row" className={`${CELL} min-w-36 text-left font-medium text-heading`}>
                      {feature.column}
                    </th>
                    <td className={CELL}>
                      {t(`kind.${feature.kind}` as 'kind.text')}
                      {feature.display && <> · {t(`display.${feature.display}` as 'display.name')}</>}
                      {feature.level > 0 && <> · {t('level', { level: feature.level })}</>}
                      {(feature.unit || feature.unit_column) && <> · {feature.unit || feature.unit_column}</>}
                    </td>
                    <td className={`${CELL} text-muted`}>{feature.examples.join(' · ')}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {suggestion.left_out.length > 0 && (
            <details className="mt-2 text-[0.88rem]">
              <summary className="text-accent-ink">
                {t('leftOut', { count: suggestion.left_out.length })}
              </summary>
              <ul className="mt-1 list-disc pl-5">
                {suggestion.left_out.map((one) => (
                  <li key={one.column}>
                    <b>{one.column}</b>: {t(`left.${one.reason}` as 'left.empty', { detail: one.detail })}
                  </li>
                ))}
              </ul>
            </details>
          )}
        </section>
      </div>
      {Object.entries(suggestion.unread).map(([table, reason]) => (
        <p key={table} role="note" className="mt-2 text-[0.88rem] text-warn">
          {t('unread', { table })} {noticeText(reason, suggestion.unread_notices?.[table])}
        </p>
      ))}
      <p className="mt-3 text-[0.86rem] text-muted">
        {t('editLater')} <TextLink href="/options">{t('editor')}</TextLink>
      </p>
    </Step>
  )
}

function Heads({ names }: { names: readonly ('role' | 'column' | 'kind' | 'values')[] }) {
  const t = useGuideText()
  return (
    <thead>
      <tr>
        {names.map((name) => (
          <th
            key={name}
            scope="col"
            className="border-b border-line px-2 py-1 text-left font-medium text-muted"
          >
            {t(name)}
          </th>
        ))}
      </tr>
    </thead>
  )
}

function UnitOf({ role }: { role: SuggestedRole }) {
  const t = useGuideText()
  if (!TIMES.includes(role.role)) return null
  const said = role.unit_column
    ? t('unitIn', { column: role.unit_column })
    : role.unit
      ? t(`unit.${role.unit}` as 'unit.MIN')
      : t('minutesAssumed')
  return (
    <>
      {' '}
      <Badge tone={role.unit || role.unit_column ? 'plain' : 'warn'}>{said}</Badge>
    </>
  )
}
