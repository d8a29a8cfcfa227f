/** Items like the one that is open at all sites of the group: where sites are configured, and only there. */
import { useQuery } from '@tanstack/react-query'
import { call } from '@/api/client'
import { usePlant } from '@/api/plant'
import { noticeText } from '@/i18n/notices'
import { formatNumber } from '@/i18n/format'
import { QueryPanel } from '@/ui/PanelState'
import { useMaster } from './masterStore'
import { useMasterText } from './texts'

const MOST = 10

export function GroupSites({ code }: { code: string }) {
  const others = usePlant().data?.group_sites ?? []
  return others.length === 0 ? null : <Found code={code} />
}

function Found({ code }: { code: string }) {
  const t = useMasterText()
  const open = useMaster((state) => state.open)
  const found = useQuery({
    queryKey: ['group-search', code],
    staleTime: 5 * 60_000,
    queryFn: ({ signal }) =>
      call('post', '/api/similarity/group-search', { item_codes: [code], top_k: MOST }, { signal }),
  })
  const called = (site: string) => site || t('ownPlant')
  return (
    <section aria-label={t('groupSites')} className="mt-4 border-t border-line pt-3">
      <h3 className="mb-1 text-[0.95rem]">{t('groupSites')}</h3>
      <QueryPanel query={found} rows={3}>
        {({ results = [], sites = [] }) => {
          const matches = results[0]?.matches ?? []
          return (
            <>
              {matches.length === 0 ? (
                <p className="text-[0.88rem] text-muted">{t('groupSitesEmpty')}</p>
              ) : (
                <table className="data-table">
                  <thead>
                    <tr>
                      <th scope="col">{t('similarity')}</th>
                      <th scope="col">{t('site')}</th>
                      <th scope="col">{t('itemCode')}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {matches.map((match) => (
                      <tr key={`${match.site} ${match.item_code}`}>
                        <td className="tabular-nums">{formatNumber(match.similarity_score * 100, 1)}%</td>
                        <td>
                          <bdi>{called(match.site)}</bdi>
                        </td>
                        <td>
                          {match.site === sites[0]?.site ? (
                            <button
                              type="button"
                              className="min-h-6 font-semibold text-accent-ink underline"
                              onClick={() => open([match.item_code])}
                            >
                              <bdi>{match.item_code}</bdi>
                            </button>
                          ) : (
                            <bdi>{match.item_code}</bdi>
                          )}
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              )}
              {sites
                .filter((site) => site.problem)
                .map((site) => (
                  <p key={site.site} className="mt-1 rounded-lg bg-warn-soft px-3 py-1 text-[0.84rem]">
                    {t('siteNotSearched', { site: called(site.site) })}{' '}
                    {noticeText(
                      site.problem,
                      site.problem_notice ?? { code: site.reason ?? '', parameters: {} },
                    )}
                  </p>
                ))}
            </>
          )
        }}
      </QueryPanel>
    </section>
  )
}
