/** How well a version predicts known routings: the figures that its training measured at its end. */
import type { Evaluation } from '@/api/versionFacts'
import { screenTexts } from '@/i18n'
import { formatNumber, formatPercent } from '@/i18n/format'
import { optionWord } from '@/i18n/optionWords'
import { Figure } from '@/ui/Card'

const [useText] = screenTexts('evaluation', {
  ko: {
    sequence: '공정 순서 일치',
    operations: '공정 구성 F1',
    time: '가공 시간 오차 (MAPE)',
    top: '상위 후보 {{count}}건 내 정답',
    edits: '품목당 수정 공정 수',
    calibration: '신뢰도 보정 오차',
    items: '평가 품목 {{items}}건 · 미응답 {{unanswered}}건 · 전략 {{strategy}}',
    plantRoutings: '공장의 기존 라우팅과 비교',
    truth: '정답 라우팅과 비교',
  },
  en: {
    sequence: 'Same sequence',
    operations: 'Operations F1',
    time: 'Run time error (MAPE)',
    top: 'Right among the first {{count}}',
    edits: 'Operations to correct per item',
    calibration: 'Calibration error',
    items: '{{items}} items judged · {{unanswered}} unanswered · strategy {{strategy}}',
    plantRoutings: 'against the routings of the plant',
    truth: 'against the true routings',
  },
})

export function EvaluationFigures({ evaluation }: { evaluation: Evaluation }) {
  const t = useText()
  const { items, unanswered, strategy, variants } = evaluation
  return (
    <>
      <div className="grid grid-cols-2 gap-4 md:grid-cols-3">
        <Figure label={t('sequence')} value={formatPercent(evaluation.sequence_exact, 1)} />
        <Figure label={t('operations')} value={formatPercent(evaluation.set_f1, 1)} />
        <Figure label={t('time')} value={formatPercent(evaluation.run_time_mape, 1)} />
        <Figure label={t('top', { count: variants })} value={formatPercent(evaluation.top_recall, 1)} />
        <Figure label={t('edits')} value={formatNumber(evaluation.edit_distance, 2)} />
        <Figure label={t('calibration')} value={formatPercent(evaluation.calibration_error, 1)} />
      </div>
      <p className="mt-2 text-[0.84rem] text-muted">
        {t('items', {
          items: formatNumber(items, 0),
          unanswered: formatNumber(unanswered, 0),
          strategy: optionWord(strategy),
        })}{' '}
        · {t(evaluation.judged_against === 'truth' ? 'truth' : 'plantRoutings')}
      </p>
    </>
  )
}
