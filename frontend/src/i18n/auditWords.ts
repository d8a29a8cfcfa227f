/** Names of the actions of the audit log. One that is not known stays as it is. */
import { shellText } from '@/app/texts'
import { actor } from './actors'
import { commonText } from './common'
import { currentLanguage } from './index'

const KOREAN: Record<string, string> = {
  'auth.login': '로그인',
  'auth.login.failed': '로그인 실패',
  'auth.logout': '로그아웃',
  'auth.register': '가입 신청',
  'auth.approve': '가입 승인',
  'auth.reject': '가입 거절',
  'auth.disable': '사용 중지',
  'auth.enable': '사용 재개',
  'auth.set_role': '역할 변경',
  'auth.password': '비밀번호 변경',
  'auth.rotate_keys': '서명 키 교체',
  'settings.patch': '설정 변경',
  'settings.revert': '설정 되돌리기',
  'registry.registered': '버전 등록',
  'registry.activated': '버전 활성화',
  'registry.rolled_back': '버전 롤백',
  'registry.refused': '활성화 거부',
  'registry.retired': '버전 폐기',
  'registry.adopted': '버전 가져오기',
  'profile.create': '프로파일 생성',
  'profile.save': '프로파일 저장',
  'profile.delete': '프로파일 삭제',
  'profile.activate': '프로파일 활성화',
  'profile.revert': '프로파일 되돌리기',
  'profile.import': '프로파일 가져오기',
  'master-data.refresh': '원본 다시 읽기',
  'master_data.tree': '품목 검색',
  'master_data.item': '품목 조회',
  'ui.master_data.tree': '품목 검색',
  'ui.master_data.item': '품목 조회',
  'ui.menu': '메뉴 열기',
  'routing_group.create': '라우팅 그룹 생성',
  'routing_group.update': '라우팅 그룹 수정',
  'routing_group.delete': '라우팅 그룹 삭제',
  'rsl_group.create': 'RSL 그룹 생성',
  'rsl_group.update': 'RSL 그룹 수정',
  'rsl_group.delete': 'RSL 그룹 삭제',
  'rsl_group.import': 'RSL 그룹 가져오기',
  'rsl_group.release': 'RSL 그룹 배포',
  'rsl_group.retract': 'RSL 그룹 배포 취소',
  'rsl_group.step.add': 'RSL 단계 추가',
  'rsl_group.step.update': 'RSL 단계 수정',
  'rsl_group.step.delete': 'RSL 단계 삭제',
  'rsl_group.rule.add': 'RSL 규칙 추가',
  'rsl_group.rule.delete': 'RSL 규칙 삭제',
  'rsl_group.validate': 'RSL 그룹 검증',
  'candidate.save': '후보 라우팅 저장',
  'erp.enqueue': 'ERP 전달 등록',
  'erp.retry': 'ERP 전달 재시도',
  'erp.cancel': 'ERP 전달 취소',
  'ui.routing.save': '라우팅 저장',
  'ui.routing.edit': '라우팅 편집',
  'ui.routing.insert': '공정 추가',
  'ui.routing.remove': '공정 삭제',
  'ui.routing.undo': '실행 취소',
  'ui.routing.redo': '다시 실행',
  'plant.serve': '공장 전환',
  'audit.archive': '감사 로그 보관',
}

/** Names of the facts of events. */
const KOREAN_FACTS: Record<string, string> = {
  session: '세션',
  sessions_ended: '끝난 세션',
  throttled: '차단된 시도',
  is_admin: '관리자',
  role: '역할',
  status: '상태',
  says_username: '입력한 계정',
  reason: '사유',
  why: '사유',
  name: '이름',
  version: '버전',
  version_name: '버전',
  previous_version: '이전 버전',
  revision: '리비전',
  comment: '설명',
  paths: '바뀐 설정',
  path: '경로',
  kind: '종류',
  subject: '대상',
  target: '대상',
  menu: '메뉴',
  owner: '소유자',
  item_code: '품목코드',
  candidate_id: '후보',
  operations: '공정 수',
  context: '내용',
  created_at: '발생 시각',
  level: '수준',
  message: '메시지',
  source: '출처',
  created: '생성',
  updated: '수정',
  skipped: '건너뜀',
  added: '추가',
  changed: '변경',
  removed: '삭제',
  added_items: '추가된 품목',
  changed_items: '변경된 품목',
  removed_items: '삭제된 품목',
  added_routing_rows: '추가된 라우팅 행',
  removed_routing_rows: '삭제된 라우팅 행',
  unchanged: '변경 없음',
  first: '처음',
  last: '마지막',
  events: '기록 수',
  attempts: '시도 횟수',
  omitted: '생략',
  bytes: '바이트',
  keys: '항목',
}

/** A name of the program as words: "auth.login.failed" is "auth login failed". */
function spoken(name: string): string {
  return name.replace(/^ui\./, '').replace(/[._-]+/g, ' ')
}

export function auditWord(action: string): string {
  return (currentLanguage() === 'ko' && KOREAN[action]) || spoken(action)
}

/** The words that people choose actions by. */
export function auditWords(): string[] {
  return [...new Set(Object.keys(KOREAN).map(auditWord))]
}

/** The action that somebody wrote as the screen says it, as screens record it now; anything else is the start of an action's own name. */
export function auditAction(text: string): string {
  const said = text.trim()
  return (
    Object.keys(KOREAN)
      .filter((action) => auditWord(action) === said)
      .at(-1) ?? said
  )
}

function factName(name: string): string {
  return (currentLanguage() === 'ko' && KOREAN_FACTS[name]) || spoken(name)
}

function factValue(value: unknown): string {
  if (value === true || value === false) return commonText(value ? 'yes' : 'no')
  if (value === null || value === undefined || value === '') return '–'
  if (Array.isArray(value)) return value.map(factValue).join(', ')
  if (typeof value === 'object')
    return Object.entries(value)
      .map(([name, inner]) => `${factName(name)} ${factValue(inner)}`)
      .join(', ')
  if (typeof value !== 'string') return JSON.stringify(value)
  const requester = REQUESTED_BY.exec(value)?.[1]
  if (requester !== undefined)
    return currentLanguage() === 'ko' ? `요청자 ${actor(requester)}` : `requested by ${actor(requester)}`
  return actor(value)
}

/** The reason of versions that a training registers. */
const REQUESTED_BY = /^requested by (.*)$/

/** The name of a screen; one that is not known stays as it is. */
function menuName(value: unknown): string {
  return typeof value === 'string' ? shellText(value as 'routing') : factValue(value)
}

/** The facts of an event, as "name: value" pairs. */
export function auditFacts(payload: Record<string, unknown> | null | undefined): string {
  return Object.entries(payload ?? {})
    .map(([name, value]) => `${factName(name)}: ${name === 'menu' ? menuName(value) : factValue(value)}`)
    .join(' · ')
}
