/** Korean sentences for the server's names of what is wrong. English readers get the server's own sentence. */
import { currentLanguage } from './index'

/** What is wrong, whatever the server says further. */
const WHOLE: Record<string, string> = {
  UNAUTHENTICATED: '로그인이 필요합니다. 다시 로그인하세요.',
  SESSION_ENDED: '세션이 끝났습니다. 다시 로그인하세요.',
  SESSION_EXPIRED: '세션이 끝났습니다. 다시 로그인하세요.',
  LOGIN_FAILED: '이메일 또는 비밀번호가 맞지 않거나 아직 승인되지 않은 계정입니다.',
  LOGIN_THROTTLED: '로그인 시도가 너무 많습니다. 잠시 후 다시 시도하세요.',
  WRONG_PASSWORD: '현재 비밀번호가 맞지 않습니다.',
  PERMISSION_DENIED: '이 작업을 할 권한이 없습니다. 관리자에게 문의하세요.',
  FOREIGN_ORIGIN: '이 주소에서 온 요청은 받지 않습니다. 정해진 주소로 접속하세요.',
  SITE_FOREIGN: '다른 공장의 세션입니다. 그 공장으로 다시 로그인하세요.',
  SITE_UNKNOWN: '이 설치에 없는 공장입니다. 주소나 헤더의 이름을 확인하세요.',
  SITE_OUTSIDE_GROUP: '같은 그룹의 공장이 아니라서 검색하지 않습니다. 그룹에 있는 공장을 고르세요.',
  SITE_NOT_STARTED:
    '이 공장은 아직 시작되지 않았습니다. 잠시 후 다시 시도하고, 계속되면 관리자에게 알려 주세요.',
  CONTROL_PLANE_STANDBY: '다른 서버가 이어받는 중입니다. 잠시 후 다시 시도하세요.',
  OUTCOME_UNKNOWN: '서버가 응답하지 않아 처리되었는지 알 수 없습니다. 확인한 뒤 다시 시도하세요.',
  TOO_MANY_REQUESTS: '요청이 너무 많습니다. 잠시 후 다시 시도하세요.',
  TOO_BUSY: '시스템이 처리할 수 있는 만큼 이미 일하고 있습니다. 잠시 후 다시 시도하세요.',
  TOO_MANY_CONNECTIONS: '서버에 연결이 너무 많습니다. 잠시 후 다시 시도하세요.',
  REQUEST_TOO_SLOW: '요청이 제시간에 도착하지 않았습니다. 다시 시도하세요.',
  HEADERS_TOO_LARGE: '요청의 헤더가 너무 큽니다. 이 사이트의 쿠키를 지우고 다시 시도하세요.',
  TOO_MANY_HEADERS: '요청의 헤더가 너무 많습니다. 브라우저 확장 프로그램이나 프록시를 확인하세요.',
  ADDRESS_TOO_LONG: '주소가 너무 깁니다. 검색어를 줄이고 다시 시도하세요.',
  BODY_TOO_LARGE: '보낸 내용이 너무 큽니다. 나누어 다시 시도하세요.',
  DEADLINE_EXCEEDED: '서버가 제시간에 응답하지 못했습니다. 잠시 후 다시 시도하세요.',
  UNAVAILABLE: '필요한 서비스가 응답하지 않습니다. 잠시 후 다시 시도하고, 계속되면 관리자에게 알려 주세요.',
  ACCOUNT_UNKNOWN: '없는 계정입니다. 목록을 새로 고치세요.',
  ACCOUNT_EXISTS: '이미 가입되었거나 신청된 이메일입니다.',
  LAST_ADMINISTRATOR: '마지막 관리자입니다. 먼저 다른 관리자를 지정하세요.',
  WRONG_STATE: '지금 상태에서는 할 수 없습니다. 목록을 새로 고치고 다시 시도하세요.',
  DUPLICATE_NAME: '같은 이름이 이미 있습니다. 다른 이름을 사용하세요.',
  CONFLICT: '그사이 다른 사용자가 바꾸었습니다. 새로 고치고 다시 시도하세요.',
  VERSION_CONFLICT: '그사이 다른 사용자가 바꾸었습니다. 새로 고치고 다시 시도하세요.',
  PROFILE_CHANGED: '그사이 다른 사용자가 프로파일을 바꾸었습니다. 새로 고치고 다시 시도하세요.',
  BUILT_IN: '기본 제공 프로파일은 바꾸거나 지울 수 없습니다. New로 사본을 만드세요.',
  ACTIVE: '활성 프로파일은 지울 수 없습니다. 다른 프로파일을 먼저 활성화하세요.',
  REVISION_UNKNOWN: '없는 리비전입니다. 목록을 새로 고치세요.',
  NO_ACTIVE_VERSION: '활성 모델이 없습니다. 학습하거나 버전을 활성화하세요.',
  MODEL_NOT_LOADED: '모델을 아직 불러오지 못했습니다. 잠시 후 다시 시도하세요.',
  MODEL_VERSION_CHANGED: '그사이 활성 모델이 바뀌었습니다. 다시 시도하세요.',
  VERSION_UNKNOWN: '등록되지 않은 버전입니다. 목록을 새로 고치세요.',
  VERSION_RETIRED: '폐기된 버전입니다.',
  VERSION_ACTIVE: '활성 버전입니다. 먼저 다른 버전을 활성화하세요.',
  VERSION_EXISTS: '같은 이름의 버전이 이미 있습니다. 다른 이름을 사용하세요.',
  VERSION_NAME_TAKEN: '같은 이름의 버전이 이미 있습니다. 다른 이름을 사용하세요.',
  NOTHING_TO_ROLL_BACK_TO: '되돌릴 이전 버전이 없습니다.',
  TRAINING_RUNS: '다른 학습이 실행 중입니다. 끝난 뒤 다시 시도하세요.',
  TRAINING_NOT_OURS: '이 서버가 시작하지 않은 학습은 여기서 멈출 수 없습니다.',
  TRAINING_BY_API_OFF: '화면에서 학습을 시작하는 기능이 꺼져 있습니다. 작업 스케줄러로 실행하세요.',
  PLANT_UNKNOWN: '여기에 없는 공장입니다. 목록을 새로 고치세요.',
  NOT_TRAINED: '이 공장의 버전이 아직 없습니다. 먼저 학습하세요.',
  SOURCE_FIXED:
    'ROUTING_ML_DATASET 설정이 원본을 정해 두었습니다. .env에서 빼고 다시 시작한 뒤 다시 시도하세요.',
  NO_TRAINING: '실행 중인 학습이 없습니다.',
  NO_SNAPSHOT: '원본을 아직 읽지 못했습니다. 원본 설정을 확인하고 잠시 후 다시 시도하세요.',
  EXPORT_NOT_WRITTEN: '내보내기 폴더에 파일을 쓰지 못했습니다. 폴더의 권한과 남은 공간을 확인하세요.',
  DISK_FULL: '서버의 디스크가 가득 찼습니다. 관리자에게 알려 주세요.',
  DATABASE_BUSY: '데이터베이스가 바쁩니다. 잠시 후 다시 시도하세요.',
  NOT_VALIDATED: '먼저 검증을 통과해야 합니다.',
  RELEASED: '배포된 그룹은 바꿀 수 없습니다. 먼저 배포를 취소하세요.',
}

/** What is wrong in general; the server's sentence says where. */
const WITH_DETAIL: Record<string, string> = {
  INVALID_INPUT: '입력한 값을 사용할 수 없습니다.',
  INVALID_REQUEST: '입력한 값을 사용할 수 없습니다.',
  BAD_REQUEST: '요청을 처리할 수 없습니다.',
  NOT_FOUND: '찾는 항목이 없습니다.',
  ALREADY_EXISTS: '이미 있습니다.',
  PRECONDITION_FAILED: '지금 상태에서는 할 수 없습니다.',
  DATA_PROBLEM: '데이터를 읽을 수 없습니다.',
  INTERNAL: '서버에서 오류가 발생했습니다. 다시 시도하고, 계속되면 관리자에게 알려 주세요.',
  SETTINGS_INVALID: '서로 맞지 않거나 범위를 벗어난 설정이 있어 저장하지 않았습니다.',
  PROFILE_NAME_TAKEN:
    '이름은 같지만 다른 표를 읽는 프로파일이 있습니다. 그 프로파일의 이름을 바꾸고 다시 시도하세요.',
  VECTORS_DATABASE_AWAY:
    '벡터 데이터베이스가 응답하지 않습니다. 잠시 후 다시 시도하고, 계속되면 관리자에게 알려 주세요.',
  VECTORS_DATABASE_REFUSES: '벡터 데이터베이스의 계정에 권한이 없습니다. 관리자에게 알려 주세요.',
  MODEL_DIFFERS: '다른 모델의 버전이라 유사도를 비교할 수 없습니다. 한 모델을 함께 쓰도록 다시 학습하세요.',
  SCHEMA_DIFFERS: '다른 공장의 스키마로 학습한 버전입니다. 맞는 프로파일을 활성화하거나 다시 학습하세요.',
  WEIGHTS_OF_ANOTHER_PLANT: '블루프린트에 이 공장에 없는 피처의 가중치가 있습니다.',
  PROFILE_INVALID: '프로파일에 고칠 곳이 있습니다.',
  PROFILE_DOES_NOT_FIT: '프로파일이 원본 파일과 맞지 않습니다.',
  BLUEPRINT_INVALID: '그래프에 문제가 있어 저장하지 않았습니다.',
  VALUE_MISFIT: '형식에 맞지 않는 값이 있습니다.',
  CONSTRAINT: '다른 데이터와 맞지 않아 저장하지 않았습니다.',
  ACTIVATION_REFUSED: '버전이 활성화 검증을 통과하지 못했습니다.',
  GATE_REFUSED: '버전이 품질 기준을 통과하지 못했습니다.',
  ARTIFACT_MISSING: '버전의 파일이 없습니다.',
  ARTIFACT_DAMAGED: '버전의 파일이 손상되었습니다.',
  VERSION_NOT_IN_STORE: '버전이 이 호스트에도 저장소에도 온전히 있지 않습니다.',
  STORE_UNAVAILABLE: '버전 저장소를 쓸 수 없습니다.',
  CACHE_UNWRITABLE: '이 호스트에 버전을 보관할 수 없습니다.',
  HASH_MISMATCH: '버전의 파일이 등록할 때와 다릅니다.',
  INCOMPATIBLE_LIBRARIES: '학습할 때의 라이브러리와 맞지 않습니다.',
  FOREIGN_FEATURES: '이 소프트웨어가 모르는 피처로 학습한 버전입니다.',
  SOURCE_MISSING: '원본 파일이 없습니다.',
  SOURCE_LOCKED: '다른 프로그램이 원본 파일을 잠그고 있습니다.',
  SOURCE_DAMAGED: '원본 파일이 손상되었습니다.',
  SOURCE_WRONG_ENDING: '원본으로 쓸 수 없는 파일 형식입니다.',
  SOURCE_UNREADABLE: '원본 파일을 읽을 수 없습니다.',
  SOURCE_PROTECTED: '원본 파일이 암호로 보호되어 있습니다.',
  SOURCE_NOT_A_DATABASE: 'Access 데이터베이스 파일이 아닙니다.',
  SOURCE_EMPTY: '원본 파일이 비어 있습니다.',
  DRIVER_MISSING: 'Access ODBC 드라이버가 설치되어 있지 않습니다.',
  PATH_INVALID: '사용할 수 없는 경로입니다.',
  SOURCE_REFUSED: '데이터베이스가 사용자를 거부합니다. 사용자와 비밀번호, 권한을 확인하세요.',
  SOURCE_UNREACHABLE: '데이터베이스에 연결할 수 없습니다. 서버, 포트, 방화벽을 확인하세요.',
  SOURCE_CERTIFICATE: '데이터베이스 서버의 인증서를 받아들일 수 없습니다.',
  SERVER_NOT_ALLOWED: '허용되지 않은 데이터베이스 서버입니다. 관리자가 설정에서 허용할 수 있습니다.',
  ADDRESS_INVALID: '데이터베이스 주소를 이해할 수 없습니다.',
  ADDRESS_HOLDS_PASSWORD: '주소 파일에 비밀번호가 있습니다. 비밀 폴더로 옮기세요.',
  READER_MISSING: '이 원본을 읽는 패키지가 설치되어 있지 않습니다.',
  DRIVER_NARROWS: 'ODBC 드라이버가 숫자를 단정밀도로 넘깁니다. 다른 드라이버를 쓰세요.',
  SHEET_FULL: '시트가 마지막 행까지 차 있어 잘린 것입니다. CSV나 Parquet으로 내보내세요.',
  SHEET_HEADER: '시트에서 열 이름을 찾을 수 없습니다.',
  TABLE_LINKED: '파일 안의 테이블이 아니라 저장된 쿼리이거나 연결된 테이블입니다.',
  COLUMN_TYPE: '값 하나로 읽을 수 없는 열입니다.',
  PATH_NOT_ALLOWED: '허용되지 않은 폴더의 경로입니다.',
  NO_OPERATIONS: '원본에서 품목의 공정으로 보이는 테이블을 찾지 못했습니다. 매핑을 직접 만드세요.',
  SOURCE_TOO_LARGE: '원본에 테이블이 너무 많습니다. 품목과 공정의 테이블만 따로 두세요.',
  ANSWER_UNKNOWN: '원본에 없는 것을 답했습니다.',
  ANSWER_MISFIT: '그 답으로는 공정으로 볼 수 있는 테이블이 없습니다. 다른 컬럼을 고르세요.',
  TABLE_MISSING: '원본에 테이블이 없습니다.',
  SOURCE_RESOURCES: '드라이버의 자원이 모자랍니다. 다른 프로그램을 닫거나 나중에 다시 하세요.',
  SOURCE_UNUSABLE: '원본을 이 매핑으로 읽을 수 없습니다. 아래 문제를 고치세요.',
  STATE_NOT_WRITABLE: '상태 폴더에 쓸 수 없습니다. 권한과 남은 공간을 확인하세요.',
  TABLE_TWICE: '폴더에 같은 테이블이 두 번 있습니다. 하나를 치우세요.',
  PARTS_DIFFER: '한 테이블의 파일들인데 머리글이 서로 다릅니다. 열을 맞추거나 다른 곳으로 옮기세요.',
  QUERY_INVALID: '쿼리를 실행할 수 없습니다. SELECT 하나만, 파일이나 네트워크 없이 쓸 수 있습니다.',
  QUERY_TOO_LONG: '쿼리가 너무 오래 걸려 멈추었습니다. 키로 조인하고 필요한 것만 고르세요.',
  QUERY_TOO_LARGE: '쿼리가 메모리를 너무 많이 써서 멈추었습니다. 필요한 열만 적고 키로 조인하세요.',
  QUERY_DIED: '쿼리의 프로세스가 끝나 버렸습니다. 다시 해 보고, 또 그러면 더 적게 고르세요.',
  QUERY_NOT_WRITTEN: '쿼리의 결과를 쓸 수 없습니다. 디스크의 남은 공간을 확인하세요.',
  COLUMN_MISSING: '원본에 컬럼이 없습니다.',
  ERP_NOT_READY: 'ERP 인터페이스의 설정이 끝나지 않았습니다. 옵션을 확인하세요.',
  NAME_UNUSABLE: '사용할 수 없는 이름입니다.',
}

/** What is wrong where the server says with which file, table or value; each is used when all of its values are there. */
const WITH_VALUES: Record<string, string> = {
  SCHEMA_DIFFERS:
    '이 버전은 {{plant}}의 피처 {{feature}}(으)로 학습했는데, 활성 프로파일의 공장({{other}})에는 그 피처가 없거나 종류 또는 단위 컬럼이 다릅니다. 이 프로파일로 새로 학습하거나 {{plant}}의 프로파일을 먼저 활성화하세요.',
  PATH_INVALID: '사용할 수 없는 경로입니다: {{path}}',
  PATH_NOT_ALLOWED:
    '허용되지 않은 폴더의 경로입니다: {{path}}. 관리자가 옵션의 "열 수 있는 폴더"에 추가할 수 있습니다.',
  SERVER_NOT_ALLOWED:
    '허용되지 않은 데이터베이스 서버입니다: {{server}}. 관리자가 옵션의 "열 수 있는 데이터베이스 서버"에 추가할 수 있습니다.',
  SOURCE_MISSING: '원본이 없습니다: {{path}}. 경로를 확인하세요.',
  SOURCE_LOCKED: '다른 프로그램이 원본을 잠그고 있습니다: {{path}}. 그 프로그램을 닫고 다시 시도하세요.',
  SOURCE_DAMAGED: '원본이 손상되었습니다: {{path}}. 원본을 복구한 뒤 다시 시도하세요.',
  SOURCE_PROTECTED: '원본이 암호로 보호되어 있습니다: {{path}}. 암호를 풀고 다시 저장하세요.',
  SOURCE_EMPTY: '원본이 비어 있습니다: {{path}}',
  SOURCE_WRONG_ENDING: '원본으로 쓸 수 없는 파일 형식입니다: {{path}}',
  SOURCE_TOO_LARGE: '원본에 테이블이 너무 많습니다: {{path}}. 품목과 공정의 테이블만 따로 두세요.',
  PROFILE_DOES_NOT_FIT: '프로파일이 원본과 맞지 않습니다: {{path}}',
  TABLE_MISSING: '원본 {{path}}에 {{table}} 테이블이 없습니다.',
  TABLE_LINKED: '{{path}}의 {{table}}은(는) 테이블이 아니라 저장된 쿼리이거나 연결된 테이블입니다.',
  COLUMN_MISSING: '{{table}} 테이블에 컬럼이 없습니다: {{columns}}',
  COLUMN_TYPE: '{{table}} 테이블의 {{column}}은(는) 값 하나로 읽을 수 없는 컬럼입니다.',
  VALUE_MISFIT: '{{table}} 테이블의 {{column}} 값 {{value}}이(가) 형식에 맞지 않습니다.',
  EMPTY_TABLE:
    '{{table}} 테이블에 품목이 없습니다. 품목 마스터가 맞는지, 첫 컬럼이 채워져 있는지 확인하세요.',
  NO_ITEMS: '원본 {{path}}에 품목이 없습니다.',
  DRIVER_NARROWS:
    'ODBC 드라이버가 {{table}} 테이블의 {{column}}을(를) 단정밀도로 넘깁니다. 다른 드라이버를 쓰세요.',
  READER_MISSING: '이 원본을 읽는 패키지 {{package}}이(가) 서버에 설치되어 있지 않습니다.',
  ARTIFACT_DAMAGED: '버전의 파일이 손상되었습니다: {{path}}',
  ARTIFACT_UNUSABLE: '버전의 파일을 쓸 수 없습니다: {{path}}',
  ARTIFACT_UNREADABLE: '버전의 파일을 읽을 수 없습니다: {{path}}',
  HASH_MISMATCH: '버전의 파일이 등록할 때와 다릅니다: {{path}}',
  MANIFEST_MISSING: '버전의 매니페스트가 없습니다: {{path}}',
  MANIFEST_INVALID: '버전의 매니페스트를 읽을 수 없습니다: {{path}}',
  EXPORT_FOLDER_NOT_ALLOWED: '내보내기 폴더로 쓸 수 없습니다: {{directory}}',
}

/** A template with its values in place; undefined where one of them is not there. */
export function filled(template: string, values: Record<string, string>): string | undefined {
  let complete = true
  const text = template.replace(/\{\{(\w+)\}\}/g, (_whole, name: string) => {
    if (values[name] === undefined) complete = false
    return values[name] ?? ''
  })
  return complete ? text : undefined
}

/** What is wrong with a field, which is named where it has a name and the sentence does not begin with it. */
export function fieldProblem(field: string, said: string): string {
  return !field || said.startsWith(`${field}:`) ? said : `${field}: ${said}`
}

/** One sentence about a reason, with the server's own where that says more; undefined where the server's is all there is. */
export function reasonSentence(
  reason: string | null | undefined,
  detail: string | undefined,
  parameters: Record<string, string> = {},
  isTranslated = false,
): string | undefined {
  if (!reason || currentLanguage() !== 'ko') return undefined
  const whole = WHOLE[reason]
  if (whole) return whole
  const template = WITH_VALUES[reason]
  const said = template && filled(template, parameters)
  if (said) return isTranslated && detail ? `${said}\n${detail}` : said
  const general = WITH_DETAIL[reason]
  if (!general) return undefined
  if (!detail) return general
  return isTranslated ? `${general}\n${detail}` : `${general} (서버 메시지: ${detail})`
}
