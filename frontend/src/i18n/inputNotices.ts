/** What is wrong with values that somebody has entered, in Korean, by the server's codes. `noticeText` says them. */

/** By its type and bounds: the names of the schema's checks. */
const BY_SCHEMA: Record<string, string> = {
  INPUT_MISSING: '값이 필요합니다',
  INPUT_EXTRA_FORBIDDEN: '없는 항목입니다. 빼세요',
  INPUT_STRING_TYPE: '글자여야 합니다',
  INPUT_FLOAT_TYPE: '숫자여야 합니다',
  INPUT_FLOAT_PARSING: '숫자여야 합니다',
  INPUT_FINITE_NUMBER: '유한한 숫자여야 합니다',
  INPUT_INT_TYPE: '정수여야 합니다',
  INPUT_INT_PARSING: '정수여야 합니다',
  INPUT_INT_FROM_FLOAT: '정수여야 합니다',
  INPUT_INT_PARSING_SIZE: '너무 큰 정수입니다',
  INPUT_BOOL_TYPE: '예 또는 아니오(true, false)여야 합니다',
  INPUT_BOOL_PARSING: '예 또는 아니오(true, false)여야 합니다',
  INPUT_LIST_TYPE: '목록이어야 합니다',
  INPUT_TUPLE_TYPE: '목록이어야 합니다',
  INPUT_DICT_TYPE: 'JSON 객체여야 합니다',
  INPUT_MODEL_TYPE: 'JSON 객체여야 합니다',
  INPUT_MODEL_ATTRIBUTES_TYPE: 'JSON 객체여야 합니다',
  INPUT_JSON_INVALID: 'JSON이 아닙니다 ({{error}})',
  INPUT_GREATER_THAN_EQUAL: '{{ge}} 이상이어야 합니다',
  INPUT_GREATER_THAN: '{{gt}}보다 커야 합니다',
  INPUT_LESS_THAN_EQUAL: '{{le}} 이하여야 합니다',
  INPUT_LESS_THAN: '{{lt}}보다 작아야 합니다',
  INPUT_MULTIPLE_OF: '{{multiple_of}}의 배수여야 합니다',
  INPUT_STRING_TOO_SHORT: '{{min_length}}자 이상이어야 합니다',
  INPUT_STRING_TOO_LONG: '{{max_length}}자 이하여야 합니다',
  INPUT_STRING_PATTERN_MISMATCH: '형식이 맞지 않습니다 ({{pattern}})',
  INPUT_TOO_SHORT: '{{min_length}}개 이상이어야 합니다',
  INPUT_TOO_LONG: '{{max_length}}개 이하여야 합니다',
  INPUT_LITERAL_ERROR: '다음 중 하나여야 합니다: {{expected}}',
  INPUT_ENUM: '다음 중 하나여야 합니다: {{expected}}',
  INPUT_DATETIME_TYPE: '날짜와 시간이어야 합니다',
  INPUT_DATETIME_PARSING: '날짜와 시간이어야 합니다',
  INPUT_DATETIME_FROM_DATE_PARSING: '날짜와 시간이어야 합니다',
  INPUT_DATE_FROM_DATETIME_PARSING: '날짜여야 합니다',
}

/** By rules of the server. */
const BY_RULES: Record<string, string> = {
  IS_MISSING: '값이 필요합니다',
  IS_WRONG: '맞지 않습니다',
  AT_LEAST_CHARACTERS: '{{count}}자 이상이어야 합니다',
  AT_MOST_CHARACTERS: '{{count}}자 이하여야 합니다',
  AT_MOST_BYTES: '{{count}}바이트를 넘을 수 없습니다',
  AT_MOST_ENTRIES: '최대 {{count}}개까지 가능합니다 (현재 {{length}}개)',
  HOLDS_CONTROL_CHARACTERS: '제어 문자를 쓸 수 없습니다',
  BLANKS_AROUND: '앞뒤 공백과 보이지 않는 문자를 빼세요',
  BLANKS_OR_DOTS_AROUND: '공백이나 점으로 시작하거나 끝날 수 없습니다',
  NO_FOLDER_NAME: '폴더 이름에 쓸 수 없는 문자가 있습니다',
  NAME_OF_AN_OPERATION: '기능의 이름({{names}})은 쓸 수 없습니다',
  NAME_LIKE_AN_OPERATION: '기능의 이름(/{{names}})으로 끝날 수 없습니다',
  NAME_WITH_EMPTY_PARTS: '빗금(/) 사이가 비었거나 . 또는 ..입니다',
  FEW_DIFFERENT_CHARACTERS: '서로 다른 글자가 {{count}}개 이상이어야 합니다',
  PASSWORD_WIDELY_KNOWN: '널리 알려진 비밀번호입니다. 다른 것을 고르세요',
  PASSWORD_IS_THE_EMAIL: '이메일과 같을 수 없습니다',
  EMAIL_CHARACTERS: '공백, 제어 문자 또는 보이지 않는 문자가 있습니다',
  EMAIL_FORM: '이름@도메인 형식이 아닙니다',
  EMAIL_SCRIPTS: '모양이 비슷한 {{scripts}} 글자가 섞여 있습니다',
  SEQUENCE_TWICE: '{{seq}}은(는) 앞 공정의 순서와 같습니다. 공정마다 달라야 합니다',
  DURATION_NEGATIVE: '0분 이상이거나 비어 있어야 합니다',
}

/** Of the settings document. */
const OF_SETTINGS: Record<string, string> = {
  TRIM_BOUNDS: '{{low}}은(는) trim_upper_percent({{high}})보다 작아야 합니다',
  EDGE_TO_NO_NODE: '{{edge}} 연결이 그래프에 없는 노드 {{node}}을(를) 가리킵니다',
  EDGES_IN_A_CIRCLE: '연결이 원을 이룹니다: {{nodes}}',
  NOT_AN_AVAILABLE_COLUMN: '{{name}}은(는) 사용할 수 있는 컬럼이 아닙니다',
  NOT_A_PROFILE: '{{name}}은(는) 없는 프로파일입니다',
  NO_SOURCE: '{{path}}은(는) Access 파일도, 있는 통합 문서·SQLite 파일·폴더도, 데이터베이스 주소도 아닙니다',
  FOLDER_CONTROL_CHARACTERS: '폴더 이름에 제어 문자를 쓸 수 없습니다',
  NO_WEB_ADDRESS: '{{example}} 같은 주소(http 또는 https)여야 합니다',
  VALUE_TWICE: '{{value}}이(가) 두 번 나옵니다',
  FOLDER_IS_A_DEVICE: '{{part}}은(는) Windows의 장치 이름이라 폴더로 쓸 수 없습니다. 다른 이름을 고르세요',
  FOLDER_ENDS_WITH_A_DOT: '{{part}}은(는) 점이나 공백으로 끝납니다. Windows가 빼 버리니 다른 이름을 고르세요',
  FOLDER_CHARACTER: '폴더 이름에 {{character}}을(를) 쓸 수 없습니다. 빼세요',
  EXPORT_FOLDER_KEPT: '{{directory}}은(는) 운영체제나 이 프로그램의 폴더입니다. 다른 폴더를 고르세요',
  EXPORT_FOLDER_NOT_LISTED:
    '{{directory}}은(는) 허용된 폴더가 아닙니다. {{own}}/ 아래 폴더를 고르거나 설정의 access.allowed_folders에 추가하세요',
  PATH_UNUSABLE: '{{path}}은(는) 사용할 수 없는 경로입니다 ({{why}})',
  BLUEPRINT_UNKNOWN_TYPE: '{{node}} 노드는 서버가 모르는 종류입니다',
  BLUEPRINT_OPTION_UNKNOWN: '{{node}} 노드의 {{option}} 설정은 없는 항목입니다',
  BLUEPRINT_OPTION_MISSING: '{{node}} 노드에 {{option}} 설정이 필요합니다',
  BLUEPRINT_OPTION_WRONG_TYPE: '{{node}} 노드의 {{option}} 값의 형식이 맞지 않습니다',
  BLUEPRINT_OPTION_OUT_OF_RANGE: '{{node}} 노드의 {{option}} 값을 사용할 수 없습니다',
  BLUEPRINT_TOO_MANY_NODES: '{{node}}: 이 종류의 노드는 한 개만 사용할 수 있습니다',
  BLUEPRINT_NO_FEATURE: '모든 피처가 꺼져 있습니다',
  BLUEPRINT_NODE_MISSING: '필수 노드({{node_type}})가 없습니다',
  BLUEPRINT_INPUT_NOT_CONNECTED: '{{node}} 노드의 입력 {{port}}이(가) 연결되지 않았습니다',
  BLUEPRINT_PORT_MISMATCH: '{{node}} 연결의 양쪽에 같은 종류의 포트가 없습니다',
}

/** Of the ERP interface and its hand-overs. */
const OF_ERP: Record<string, string> = {
  ERP_OFF: 'ERP 인터페이스가 꺼져 있습니다. 관리자가 옵션에서 켤 수 있습니다',
  ERP_PROTOCOL_MISSING:
    '프로토콜(export.erp_protocol)이 정해지지 않았습니다. 다음 중 하나로 설정하세요: {{known}}',
  ERP_PROTOCOL_UNKNOWN:
    '프로토콜(export.erp_protocol) {{named}}은(는) 쓸 수 없습니다. 다음 중 하나로 설정하세요: {{known}}',
  ERP_ENDPOINT_MISSING: 'ERP 주소(export.erp_endpoint)가 정해지지 않았습니다. URL을 입력하세요',
  ERP_ENDPOINT_UNUSABLE: 'ERP 주소(export.erp_endpoint)는 {{example}} 같은 주소(http 또는 https)여야 합니다',
  ERP_ENDPOINT_HOLDS_PASSWORD:
    'ERP 주소(export.erp_endpoint)에 비밀번호가 있습니다. 상태 폴더의 secrets/{{file}}에 넣으세요',
  ERP_ADDRESS_OF_METADATA:
    'ERP 주소가 {{address}}(클라우드가 자격 증명을 알려 주는 곳)로 이어집니다. ERP의 주소를 쓰거나 설정의 erp.allowed_addresses에서 허용하세요',
  ERP_ADDRESS_OF_THIS_MACHINE:
    'ERP 주소가 {{address}}(이 서버 자신)로 이어집니다. ERP의 주소를 쓰거나 설정의 erp.allowed_addresses에서 허용하세요',
  ERP_ADDRESS_LINK_LOCAL:
    'ERP 주소가 {{address}}(링크 로컬 주소)로 이어집니다. ERP의 주소를 쓰거나 설정의 erp.allowed_addresses에서 허용하세요',
  ERP_ADDRESS_OF_MANY:
    'ERP 주소가 {{address}}(한 서버의 주소가 아님)로 이어집니다. ERP의 주소를 쓰거나 설정의 erp.allowed_addresses에서 허용하세요',
  ERP_ENTRY_BLANK: '비어 있거나 공백이 있습니다',
  ERP_ENTRY_NO_NETWORK: '{{entry}}은(는) 127.0.0.0/8 같은 네트워크가 아닙니다 ({{why}})',
  ERP_OF_FILES_NOW: '지금 프로토콜은 파일인데 이 메시지는 HTTP로 보낼 것입니다',
  ERP_WITHOUT_ADDRESS: '{{host}}의 주소를 찾을 수 없습니다',
  ERP_TOO_LATE: 'ERP({{host}})가 제시간에 응답하지 않았습니다 ({{error}})',
  ERP_NOT_REACHED: 'ERP({{host}})에 연결하지 못했습니다 ({{error}})',
  ERP_ANSWERED: 'ERP의 응답: {{status}}{{said}}',
  SQL_FIELD_MISSING: '{{field}} 값이 없어 비워 두고 저장했습니다',
  SQL_WITHOUT_TIME: '시간이 하나도 없는 공정이 있습니다: PROC_SEQ {{which}}',
  SQL_NEGATIVE_TIME: '음수 시간은 없는 값으로 봅니다: PROC_SEQ {{which}}',
  SQL_SEQUENCE_TWICE: 'PROC_SEQ가 중복됩니다: {{which}}',
  SQL_SHORTENED: 'SQL에는 공정 {{count}}개 중 처음 {{shown}}개만 표시합니다. 파일에는 모두 들어 있습니다',
  ERP_FOLDER_IS_A_LINK: '내보내기 폴더의 {{folder}}은(는) 다른 곳으로 이어지는 링크입니다',
  ERP_FOLDER_NOT_WRITTEN: '{{folder}}에 쓸 수 없습니다: {{why}}',
}

export const INPUT_KOREAN: Record<string, string> = { ...BY_SCHEMA, ...BY_RULES, ...OF_SETTINGS, ...OF_ERP }
