/**
 * What the server says, in Korean: by the code and values that come beside its English text. English readers get the text itself,
 * and so does everybody where there is no code or none that is known here.
 */
import { currentLanguage } from './index'
import { INPUT_KOREAN } from './inputNotices'
import { filled, reasonSentence } from './reasons'

/** The code of a sentence and its values. */
export interface Notice {
  code: string
  parameters: Record<string, string>
}

const KOREAN: Record<string, string> = {
  ...INPUT_KOREAN,
  // Trainings
  STARTING: '시작하는 중',
  READING_ITEMS: '{{source}}에서 품목을 읽는 중',
  LEARNING_FEATURES: '피처를 학습하는 중',
  COMPARING_METHODS: '처음 보는 품목으로 예측 방법을 비교하는 중',
  LEARNING_WHOLE_ROUTINGS: '전체 라우팅을 학습하는 중 ({{method}})',
  READING_ROUTINGS: '품목의 라우팅을 읽는 중',
  LEARNING_ROUTINGS: '라우팅에서 품목의 공정을 학습하는 중',
  ENCODING: '품목 {{items}}건을 인코딩하는 중',
  BUILDING_INDEX: '인덱스를 만드는 중 ({{engine}})',
  MEASURING: '정밀 검색과 비교해 재현율과 지연 시간을 재는 중',
  CALIBRATING: '처음 보는 품목으로 신뢰도를 보정하는 중',
  JUDGING: '표본 품목의 예측을 실제 라우팅과 비교하는 중',
  WRITING: '{{version}} 버전을 저장하는 중',
  REGISTERING: '{{version}} 버전을 등록하는 중',
  ACTIVATING: '{{version}} 버전을 활성화하는 중',
  TRAINED_AND_ACTIVE:
    '{{version}}: 품목 {{items}}건을 {{seconds}}초에 학습하고 등록해 활성화했습니다{{deletion}}',
  TRAINED: '{{version}}: 품목 {{items}}건을 {{seconds}}초에 학습하고 등록했습니다{{activation}}{{deletion}}',
  DRY_RUN: '시험 실행: {{source}}의 품목 {{items}}건을 학습할 수 있습니다. 아무것도 저장하지 않았습니다',
  TRAINING_CANCELLED_BY: '{{who}} 님이 중지했습니다. 만들던 파일은 남지 않습니다',
  TRAINING_CANCELLED: '중지했습니다. 만들던 파일은 남지 않습니다',
  TRAINING_LOST: '학습이 알림 없이 끝났습니다 (강제 종료 또는 서버 중단). 만들던 파일은 버전이 되지 않습니다',
  TRAINING_NOT_BEGUN: '학습을 시작하지 못하고 끝났습니다 (코드 {{code}}: {{why}})',
  NO_TRAINING_YET: '아직 실행한 학습이 없습니다',
  UNEXPECTED_ERROR: '예상하지 못한 오류: {{error}}',
  // Advice about features
  ONE_VALUE: '모든 품목의 값이 같습니다. 품목을 구별하지 못하니 끄거나 값을 채우세요',
  MOSTLY_MISSING: '품목의 {{share}}에 값이 없습니다. 값을 채우거나 가중치를 낮추세요',
  OFF_BUT_FILLED: '거의 모든 품목에 있지만 꺼져 있습니다. 작은 가중치로 사용해 보세요',
  // What was found in the data
  VALUES_MISSING: '{{column}} 값 {{count}}건이 비어 있습니다{{examples}}',
  VALUES_NEGATIVE: '{{column}} 값 {{count}}건은 음수라 없는 값으로 봅니다{{examples}}',
  VALUES_TOO_LARGE: '{{column}} 값 {{count}}건은 {{most}}분을 넘어 없는 값으로 봅니다{{examples}}',
  TIMES_IMPOSSIBLE: '{{table}}의 시간 {{count}}건은 음수이거나 {{most}}분을 넘어 없는 값으로 봅니다',
  ITEMS_WITHOUT_ROUTING: '품목 {{count}}건은 라우팅이 없어 유사 품목으로 예측합니다',
  ITEMS_WITHOUT_VALID_OPERATION: '품목 {{count}}건의 현재 라우팅에는 오늘 유효한 공정이 없습니다{{examples}}',
  ROWS_WITHOUT: '{{table}}의 {{count}}행은 {{column}} 값이 없어 제외했습니다',
  ROWS_REPEAT_ITEM: '{{table}}의 {{count}}행은 품목 코드가 중복되어 첫 행만 사용합니다{{examples}}',
  ROWS_REPEAT_KEY: '{{table}}의 {{count}}행은 {{columns}}이(가) 중복되어 첫 행만 사용합니다{{examples}}',
  ROWS_OF_UNKNOWN_ITEMS: '{{table}}의 {{count}}행은 품목 마스터에 없는 품목이라 제외했습니다{{examples}}',
  ROWS_OF_NO_OPERATION: '{{table}}의 {{count}}행은 현재 라우팅에 없는 공정이라 제외했습니다',
  UNKNOWN_TIME_UNIT:
    '{{table}}의 {{count}}행은 {{column}}의 단위 {{unit}}을(를) 알 수 없어 시간이 없는 것으로 봅니다',
  UNKNOWN_SIZE_UNIT: '{{table}}의 {{count}}행은 {{column}}의 단위 {{unit}}을(를) 알 수 없어 mm로 봅니다',
  TABLE_EMPTY: '{{table}}에 행이 없습니다. 품목을 찾고 비교할 수는 있지만 라우팅을 예측할 수 없습니다',
  // Verification of a version
  FILES_AS_REGISTERED: '매니페스트와 산출물 {{count}}개가 등록한 해시와 같습니다',
  FEATURES_KNOWN: '피처 {{count}}개를 모두 사용할 수 있습니다',
  ARRAYS_FIT: '파일들이 서로 맞습니다',
  VERSION_LOADED: '불러왔습니다: 품목 {{items}}건, {{dimensions}}차원, 엔진 {{engine}}',
  SCHEMA_FITS: '활성 입력 프로파일의 공장({{plant}})에서 서비스할 수 있습니다',
  LIBRARIES_FIT: '학습할 때와 라이브러리의 주 버전이 같습니다',
  LIBRARIES_UNKNOWN: '학습할 때의 라이브러리가 기록되어 있지 않습니다',
  LIBRARIES_DIFFER: '라이브러리의 주 버전이 다릅니다: {{which}}',
  SEARCHES_RIGHT: '검색 결과가 올바릅니다',
  // Connection test
  SOURCE_READ:
    '{{source}}에 테이블 {{tables}}개가 있습니다. {{table}}: 컬럼 {{columns}}개, 행을 읽을 수 있습니다',
  SOURCE_TABLE_EMPTY: '{{source}}에 테이블 {{tables}}개가 있습니다. {{table}}: 행이 없습니다',
  // Rules of a routing
  TOO_MANY_OPERATIONS: '공정 {{count}}개. 최대 {{most}}개까지 허용됩니다',
  OPERATION_LACKS: '{{sequence}}번 공정에 {{field}} 값이 없습니다',
  TOTAL_OUT_OF_LIMIT: '{{field}} 합계가 {{value}}입니다. 조건은 {{sign}} {{limit}}입니다',
  OPERATION_OUT_OF_LIMIT:
    '{{sequence}}번 공정의 {{field}} 값이 {{value}}입니다. 조건은 {{sign}} {{limit}}입니다',
  RULE_UNUSABLE: '규칙을 검사할 수 없습니다: {{why}}',
  // Values of the output
  VALUE_EMPTY: '{{column}}: 값이 비어 있습니다',
  VALUE_OF_OTHER_TYPE: '{{column}}: {{value}}은(는) {{type}} 형식이 아닙니다',
  VALUE_BELOW: '{{column}}: {{value}}은(는) 최솟값 {{least}}보다 작습니다',
  VALUE_ABOVE: '{{column}}: {{value}}은(는) 최댓값 {{most}}보다 큽니다',
  VALUE_TOO_LONG: '{{column}}: {{count}}자는 최대 {{most}}자를 넘습니다',
  VALUE_NOT_ALLOWED: '{{column}}: {{value}}은(는) 허용된 값이 아닙니다 ({{allowed}})',
  VALUE_NOT_ENCODABLE: '{{column}}: {{value}}은(는) {{encoding}} 인코딩으로 쓸 수 없습니다',
  // Profiles
  NOT_A_PREDICTED_COLUMN: '{{field}}: {{name}}은(는) 예측 결과에 없는 컬럼입니다',
  COMES_TWICE: '{{field}}: {{name}}이(가) 두 번 나옵니다. 하나만 남기세요',
  ONLY_CONSTANTS: '모든 컬럼이 고정값입니다. 예측 결과의 컬럼을 하나 이상 넣으세요',
  ENCODING_UNKNOWN: '{{encoding}}은(는) 사용할 수 있는 인코딩이 아닙니다 (예: utf-8, cp949)',
  NAME_NOT_ENCODABLE: '{{name}}은(는) {{encoding}} 인코딩으로 쓸 수 없는 이름입니다',
  COLUMN_NAME_UNUSABLE: '{{name}}은(는) 컬럼 이름으로 쓸 수 없습니다. 앞뒤 공백과 보이지 않는 문자를 빼세요',
  SOURCE_AND_CONSTANT: '{{name}}에 원본과 고정값이 모두 있습니다. 하나만 남기세요',
  NEITHER_SOURCE_NOR_CONSTANT: '{{name}}에 원본도 고정값도 없습니다',
  FORMAT_MISFIT: '{{name}}: {{format}}은(는) {{type}}의 형식이 아닙니다. 예: {{examples}}',
  FORMAT_UNKNOWN: '{{name}}: 사용할 수 없는 형식입니다 ({{problem}})',
  DEFAULT_OF_OTHER_TYPE: '{{name}}: 값 {{value}}은(는) {{type}} 형식이 아닙니다',
  LIMITS_OF_NO_NUMBER: '{{name}}은(는) {{type}}이라 최솟값이나 최댓값을 가질 수 없습니다',
  MINIMUM_ABOVE_MAXIMUM: '{{name}}: 최솟값 {{least}}이(가) 최댓값 {{most}}보다 큽니다',
  NOT_AN_INTERNAL_COLUMN: '{{name}}은(는) {{role}} 테이블의 내부 컬럼이 아닙니다. 있는 컬럼: {{known}}',
  COLUMN_OF_OTHER_TYPE:
    '{{name}}의 내부 형식은 {{type}}인데 프로파일에는 {{said}}(으)로 되어 있습니다. 값은 자동으로 변환됩니다',
  REQUIRED_WITHOUT_SOURCE: '{{name}}은(는) 필수인데 원본 컬럼이 없습니다',
  KEY_WITHOUT_SOURCE: '{{name}}은(는) {{role}} 테이블의 키라 원본 컬럼이 필요합니다',
  UNIT_UNKNOWN: '{{name}}: 알 수 없는 단위 {{unit}}입니다. 사용할 수 있는 단위: {{known}}',
  UNIT_OF_TEXT: '{{name}}은(는) {{type}} 형식이라 단위를 가질 수 없습니다',
  UNITS_MIXED:
    '{{names}}에 단위가 있으니 {{others}}에도 단위가 필요합니다. 모두 {{holder}}을(를) 함께 씁니다',
  NO_TABLE_FOR_ROLE: '프로파일에 {{role}} 테이블이 정해지지 않았습니다',
  QUERY_UNUSED: '{{field}}: 이 쿼리를 쓰는 테이블이 없습니다. tables에 넣거나 쿼리를 빼세요',
  MAPPED_TWICE: '{{name}}이(가) 두 번 연결되었습니다',
  MAPPING_MISSING: '{{role}} 테이블에 필요한 연결이 없습니다: {{names}}',
  COLUMN_NOT_IN_TABLE: '{{table}}에 {{column}} 컬럼이 없습니다 ({{name}}에 연결됨)',
  TABLE_NOT_IN_SOURCE: '{{source}}에 {{table}} 테이블이 없습니다. 있는 테이블: {{tables}}',
  COLUMN_HOLDS_TEXT:
    '{{table}}: 품목 {{item}}의 {{column}} 값 {{value}}은(는) {{name}}의 형식({{type}})이 아닙니다',
  // Schema of a plant
  TOO_MANY_FEATURES:
    '피처가 {{count}}개입니다. 최대 {{most}}개까지 가능합니다. 만드는 방법과 관계없는 것을 빼세요',
  NO_ACTIVE_FEATURE: '가중치가 0보다 큰 활성 피처가 없어 품목을 구별할 수 없습니다',
  MARKUP: '{{field}}: {{text}}에 태그나 제어 문자가 있습니다. 일반 글자로 쓰세요',
  FEATURES_DIFFER_IN_CASE: '{{first}}와(과) {{second}}은(는) 대소문자만 다릅니다. 하나의 이름을 바꾸세요',
  FEATURE_OF_TWO_KINDS: '{{name}}의 종류가 {{first}}와(과) {{second}} 두 가지입니다. 하나만 남기세요',
  FEATURE_NAME_UNUSABLE: '{{name}}은(는) 피처 이름으로 쓸 수 없습니다. 다른 이름을 고르세요',
  ITEM_CODE_KIND: '{{name}}은(는) 품목의 코드입니다. 종류는 identity여야 합니다',
  UNIT_OF_NO_SIZE: '{{name}}은(는) {{kind}}입니다. 단위는 치수(size)만 가질 수 있으니 unit_from을 빼세요',
  UNIT_COLUMN_KIND: '{{name}}은(는) {{kind}}입니다. 단위 컬럼은 category여야 합니다',
  NOT_AN_ITEM_COLUMN: '{{field}}: {{name}}은(는) 피처에도 item_columns에도 없습니다',
  ROLE_OF_OTHER_TYPE:
    '{{name}}의 역할에는 {{type}} 형식이 필요한데 {{part}}_columns에는 {{said}}(으)로 되어 있습니다',
  TWO_ROLES: '{{name}}이(가) 두 역할에 쓰였습니다. 역할마다 다른 컬럼을 고르세요',
  NO_OPERATION_NAME: '공정 코드도 이름도 없으면 공정을 구별할 수 없습니다',
  NOT_A_FEATURE: '{{field}}: {{name}}은(는) 스키마에 없는 피처입니다',
}

/** What a text says, in the language of the screen. */
export function noticeText(text: string | null | undefined, notice?: Notice | null): string {
  if (!notice || currentLanguage() !== 'ko') return text ?? ''
  const template = KOREAN[notice.code]
  if (template === undefined)
    return reasonSentence(notice.code, text ?? undefined, notice.parameters) ?? text ?? ''
  const said = filled(template, notice.parameters) ?? text ?? ''
  const own = notice.parameters.own_words
  if (own) return `${own} (${said})`
  const entered = notice.code.startsWith('INPUT_') ? notice.parameters.value : undefined
  return entered ? `${said} (입력: ${entered})` : said
}

/** Whether a sentence has a Korean one here, all of whose values are there, and the screen is Korean. */
export function isKnown(notice: Notice | null | undefined): boolean {
  if (!notice || currentLanguage() !== 'ko') return false
  const template = KOREAN[notice.code]
  return template !== undefined && filled(template, notice.parameters) !== undefined
}

/** What texts say, with the notices that come parallel to them. */
export function noticeTexts(
  texts: readonly string[],
  notices: readonly (Notice | null)[] | null | undefined,
): string[] {
  return texts.map((text, place) => noticeText(text, notices?.[place]))
}
