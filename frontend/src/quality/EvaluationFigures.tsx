/** How well a version predicts known routings: the figures that its training measured at its end. */
import type { Evaluation } from '@/api/versionFacts'
import { screenTexts } from '@/i18n'
import { formatNumber, formatPercent } from '@/i18n/format'
import { methodWord, optionWord } from '@/i18n/optionWords'
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
    active: '활성 버전 {{value}}',
    methods: '예측 방법 {{method}} {{exact}} · 가장 나은 단순 방법 {{simple}} {{simpleExact}}',
    ranges: '실제 가공 시간이 평균 이하 {{standard}} · 여유 이하 {{optimal}} · 안전 이하 {{safe}}',
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
    active: 'active version {{value}}',
    methods: 'method {{method}} {{exact}} · best simple method {{simple}} {{simpleExact}}',
    ranges:
      'actual run times up to the mean {{standard}} · up to the ample time {{optimal}} · up to the safe time {{safe}}',
  },
})

interface EvaluationFiguresProps {
  evaluation: Evaluation
  /** Of the active version: stands beside each figure. */
  active?: Evaluation | null
}

export function EvaluationFigures({ evaluation, active }: EvaluationFiguresProps) {
  const t = useText()
  const { items, unanswered, strategy, variants } = evaluation
  const figure = (label: string, write: (of: Evaluation) => string) => (
    <Figure
      label={label}
      value={write(evaluation)}
      remark={active ? t('active', { value: write(active) }) : undefined}
    />
  )
  return (
    <>
      <div className="grid grid-cols-2 gap-4 md:grid-cols-3">
        {figure(t('sequence'), (of) => formatPercent(of.sequence_exact, 1))}
        {figure(t('operations'), (of) => formatPercent(of.set_f1, 1))}
        {figure(t('time'), (of) => formatPercent(of.run_time_mape, 1))}
        {figure(t('top', { count: variants }), (of) => formatPercent(of.top_recall, 1))}
        {figure(t('edits'), (of) => formatNumber(of.edit_distance, 2))}
        {figure(t('calibration'), (of) => formatPercent(of.calibration_error, 1))}
      </div>
      <p className="mt-2 text-[0.84rem] text-muted">
        {t('items', {
          items: formatNumber(items, 0),
          unanswered: formatNumber(unanswered, 0),
          strategy: optionWord(strategy),
        })}{' '}
        · {t(evaluation.judged_against === 'truth' ? 'truth' : 'plantRoutings')}
      </p>
      {evaluation.method && evaluation.simple_method && (
        <p className="text-[0.84rem] text-muted">
          {t('methods', {
            method: methodWord(evaluation.method),
            exact: formatPercent(evaluation.method_exact, 1),
            simple: methodWord(evaluation.simple_method),
            simpleExact: formatPercent(evaluation.simple_exact, 1),
          })}
        </p>
      )}
      {evaluation.ranges && (
        <p className="text-[0.84rem] text-muted">
          {t('ranges', {
            standard: formatPercent(evaluation.ranges.standard),
            optimal: formatPercent(evaluation.ranges.optimal),
            safe: formatPercent(evaluation.ranges.safe),
          })}
        </p>
      )}
    </>
  )
}
