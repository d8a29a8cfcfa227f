/** Sentences that the server reports, in Korean. One that is not known, and every one for English readers, stays as it is. */
import { currentLanguage } from './index'

const TABLES: readonly (readonly [RegExp, string])[] = [
  // Trainings
  [/^Starting$/, '시작하는 중'],
  [/^Reading items from (.+)$/, '$1에서 품목을 읽는 중'],
  [/^Learning the features$/, '피처를 학습하는 중'],
  [/^Reading the routings of the items$/, '품목의 라우팅을 읽는 중'],
  [/^Learning from routings how items are made$/, '라우팅에서 품목의 공정을 학습하는 중'],
  [/^Encoding ([\d,]+) items$/, '품목 $1건을 인코딩하는 중'],
  [/^Building the index \((.+)\)$/, '인덱스를 만드는 중 ($1)'],
  [/^Measuring recall and latency against exact search$/, '정밀 검색과 비교해 재현율과 지연 시간을 재는 중'],
  [
    /^Calibrating confidences on items that the models have not seen$/,
    '처음 보는 품목으로 신뢰도를 보정하는 중',
  ],
  [/^Judging predictions of a sample .*$/, '표본 품목의 예측을 실제 라우팅과 비교하는 중'],
  [/^Writing (.+)$/, '$1 버전을 저장하는 중'],
  [
    /^(\S+): ([\d,]+) items trained in ([\d,]+) s and registered, active(.*)$/,
    '$1: 품목 $2건을 $3초에 학습하고 등록해 활성화했습니다$4',
  ],
  [
    /^(\S+): ([\d,]+) items trained in ([\d,]+) s and registered(.*)$/,
    '$1: 품목 $2건을 $3초에 학습하고 등록했습니다$4',
  ],
  [/^Cancelled by (.+); nothing half-written stays$/, '$1 님이 중지했습니다. 만들던 파일은 남지 않습니다'],
  [/^Cancelled: nothing half-written stays$/, '중지했습니다. 만들던 파일은 남지 않습니다'],
  [/^requested by (.+)$/, '$1 요청'],
  [/^training$/, '학습 완료 후 자동 활성화'],
  // Advice about features
  [/^has one value everywhere$/, '모든 품목의 값이 같습니다'],
  [/^It tells no items apart: switch it off or fill it in$/, '품목을 구별하지 못하니 끄거나 값을 채우세요'],
  [/^is missing in ([\d.]+%) of the items$/, '품목의 $1에 값이 없습니다'],
  [/^Fill it in, or lower its weight$/, '값을 채우거나 가중치를 낮추세요'],
  [/^is switched off though nearly every item has it$/, '거의 모든 품목에 있지만 꺼져 있습니다'],
  [/^Try it with a small weight$/, '작은 가중치로 사용해 보세요'],
  // What was found in the data
  [/^([\d,]+) values of (\S+) are missing(.*)$/, '$2 값 $1건이 비어 있습니다$3'],
  [
    /^([\d,]+) items have no routing and are predicted from similar ones(.*)$/,
    '품목 $1건은 라우팅이 없어 유사 품목으로 예측합니다$2',
  ],
  [
    /^([\d,]+) rows of (\S+) have the unit (.+) in (.+), which is not known: the times count as absent$/,
    '$2의 $1행은 $4의 단위 $3을(를) 알 수 없어 시간이 없는 것으로 봅니다',
  ],
  [
    /^([\d,]+) rows of (\S+) have the unit (.+) in (.+), which is not known: the sizes are taken as mm$/,
    '$2의 $1행은 $4의 단위 $3을(를) 알 수 없어 mm로 봅니다',
  ],
  [
    /^([\d,]+) items have a current routing of which no operation is valid today \(rule of the profile: \w+\)(.*)$/,
    '품목 $1건의 현재 라우팅에는 오늘 유효한 공정이 없습니다$2',
  ],
  [/^([\d,]+) rows of (\S+) have no (\S+) and were left out(.*)$/, '$2의 $1행은 $3 값이 없어 제외했습니다$4'],
  [
    /^([\d,]+) rows of (\S+) repeat an item code; the first row of each code counts(.*)$/,
    '$2의 $1행은 품목 코드가 중복되어 첫 행만 사용합니다$3',
  ],
  [
    /^([\d,]+) rows of (\S+) belong to items that the item master does not have and were left out(.*)$/,
    '$2의 $1행은 품목 마스터에 없는 품목이라 제외했습니다$3',
  ],
  [
    /^([\d,]+) rows of (\S+) belong to no operation of a current routing and were left out(.*)$/,
    '$2의 $1행은 현재 라우팅에 없는 공정이라 제외했습니다$3',
  ],
  [
    /^([\d,]+) rows of (\S+) repeat ITEM_CD, ROUT_NO and PROC_SEQ of another; the first row of each key counts(.*)$/,
    '$2의 $1행은 ITEM_CD, ROUT_NO, PROC_SEQ가 중복되어 첫 행만 사용합니다$3',
  ],
  [
    /^([\d,]+) times of (\S+) are negative or above ([\d,]+) minutes and count as absent(.*)$/,
    '$2의 시간 $1건은 음수이거나 $3분을 넘어 없는 값으로 봅니다$4',
  ],
  [
    /^([\d,]+) values of (\S+) are negative and count as absent(.*)$/,
    '$2 값 $1건은 음수라 없는 값으로 봅니다$3',
  ],
  [
    /^([\d,]+) values of (\S+) are (.+) and count as absent(.*)$/,
    '$2 값 $1건은 범위를 벗어나 없는 값으로 봅니다 ($3)$4',
  ],
  // Profiles that come with the software
  [/^The plant's Access views as they are$/, '공장의 Access 뷰를 그대로 사용합니다'],
  // Verification of a version
  [
    /^manifest and (\d+) artifacts have the registered sha256$/,
    '매니페스트와 산출물 $1개가 등록한 해시와 같습니다',
  ],
  [/^its (\d+) features are known here$/, '피처 $1개를 모두 사용할 수 있습니다'],
  [/^loaded: ([\d,]+) items, (\d+) dimensions, engine (\S+)$/, '불러왔습니다: 품목 $1건, $2차원, 엔진 $3'],
  [/^The libraries have the major versions of the training$/, '학습할 때와 라이브러리의 주 버전이 같습니다'],
  [
    /^The version does not say which libraries trained it$/,
    '학습할 때의 라이브러리가 기록되어 있지 않습니다',
  ],
  [/^Major versions differ: (.+)$/, '라이브러리의 주 버전이 다릅니다: $1'],
  [/^searches answer as they must$/, '검색 결과가 올바릅니다'],
  // Connection test
  [
    /^(.+) has (\d+) tables; (\S+): (\d+) columns, rows can be read$/,
    '$1에 테이블 $2개가 있습니다. $3: 컬럼 $4개, 행을 읽을 수 있습니다',
  ],
  [/^(.+) has (\d+) tables; (\S+): it has no rows$/, '$1에 테이블 $2개가 있습니다. $3: 행이 없습니다'],
  // Rules of a routing; words of the plant may stand before them
  [/(\d+) operations; at most (\d+) are allowed/, '공정 $1개. 최대 $2개까지 허용됩니다'],
  [/operation (\S+) lacks (\w+)/, '$1번 공정에 $2 값이 없습니다'],
  [/total (\w+) is (\S+); it must be (\S+) ([\d.e+-]+)/, '$1 합계가 $2입니다. 조건은 $3 $4입니다'],
  [
    /operation (\S+): (\w+) is (\S+); it must be (\S+) ([\d.e+-]+)/,
    '$1번 공정의 $2 값이 $3입니다. 조건은 $4 $5입니다',
  ],
  [/^The rule cannot be evaluated: (.+)$/, '규칙을 검사할 수 없습니다: $1'],
  // Values of the output
  [/^(.+) must not be empty$/, '$1: 값이 비어 있습니다'],
  [/^(.+): (.+) is not of type text$/, '$1: $2은(는) 문자가 아닙니다'],
  [/^(.+): (.+) is not of type (?:number|integer)$/, '$1: $2은(는) 숫자가 아닙니다'],
  [/^(.+): (.+) is not of type (?:date|datetime)$/, '$1: $2은(는) 날짜가 아닙니다'],
  [/^(.+): (.+) is not of type boolean$/, '$1: $2은(는) 예/아니오 값이 아닙니다'],
  [/^(.+): (.+) is below (\S+)$/, '$1: $2은(는) 최솟값 $3보다 작습니다'],
  [/^(.+): (.+) is above (\S+)$/, '$1: $2은(는) 최댓값 $3보다 큽니다'],
  [/^(.+): (\d+) characters are more than (\d+)$/, '$1: $2자는 최대 $3자를 넘습니다'],
  [/^(.+): (.+) is not one of (.+)$/, '$1: $2은(는) 허용된 값이 아닙니다 ($3)'],
  [/^(.+): (.+) cannot be written in (\S+)$/, '$1: $2은(는) $3 인코딩으로 쓸 수 없습니다'],
  [/^(\S+): (\S+) is not a column of a prediction$/, '$1: $2은(는) 예측 결과에 없는 컬럼입니다'],
  [/^(\S+): (.+) comes twice$/, '$1: $2이(가) 두 번 나옵니다'],
  [
    /^columns: every column is a constant: .+$/,
    '모든 컬럼이 고정값입니다. 예측 결과의 컬럼을 하나 이상 넣으세요',
  ],
  [/^encoding: (.+) is not a text encoding .+$/, '$1은(는) 사용할 수 있는 인코딩이 아닙니다'],
  // Mapping of columns
  [/^(\S+): the profile names no table for (\S+)$/, '프로파일에 $2 테이블이 정해지지 않았습니다'],
  [/^(\S+): (\S+) is mapped twice for (\S+)$/, '$2이(가) 두 번 연결되었습니다'],
  [/^columns: the (\S+) table lacks a mapping of (.+)$/, '$1 테이블에 필요한 연결이 없습니다: $2'],
  [/^(\S+) lacks column (\S+); the profile maps it to (\S+)$/, '$1에 $2 컬럼이 없습니다 ($3에 연결됨)'],
  [
    /^(.+) lacks table (.+), from which the profile takes the (\S+); it has (.+)$/,
    '$1에 $2 테이블이 없습니다. 있는 테이블: $4',
  ],
]

export function sentence(text: string | null | undefined): string {
  if (!text || currentLanguage() !== 'ko') return text ?? ''
  const found = TABLES.find(([pattern]) => pattern.test(text))
  return found ? text.replace(found[0], found[1]) : text
}

const ACTORS: Record<string, string> = {
  'service:training': '학습 서비스',
  'routing-ml up': '최초 설치',
}

/** Who did something: a person's name stays, a service gets its name. */
export function actor(name: string | null | undefined): string {
  return name ? (currentLanguage() === 'ko' && ACTORS[name]) || name : '–'
}
