/** Names of the actions of the audit log. One that is not known stays as it is. */
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
  'ui.routing.save': '라우팅 저장',
  'ui.routing.edit': '라우팅 편집',
  'ui.routing.insert': '공정 추가',
  'ui.routing.remove': '공정 삭제',
  'ui.routing.undo': '실행 취소',
  'ui.routing.redo': '다시 실행',
}

export function auditWord(action: string): string {
  return (currentLanguage() === 'ko' && KOREAN[action]) || action
}

/** The facts of an event, as "name: value" pairs. */
export function auditFacts(payload: Record<string, unknown> | null | undefined): string {
  return Object.entries(payload ?? {})
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' · ')
}
