/** Colours and axes that all charts share; text is dark enough for the pale cards. */
export const INK = '#23303c'
export const MUTED = '#4d5c69'
export const LINE = '#9db4c6'
export const SERIES = ['#1763a6', '#b4531a', '#1f7a52', '#7a3fa0', '#8a6d00']

export const TEXT = { color: INK, fontFamily: 'Inter, Pretendard, "Segoe UI", "Malgun Gothic", sans-serif' }
export const AXIS = {
  axisLine: { lineStyle: { color: LINE } },
  axisLabel: { color: MUTED, hideOverlap: true },
  nameTextStyle: { color: MUTED },
  splitLine: { lineStyle: { color: 'rgba(120,150,175,0.25)' } },
}
export const GRID = { left: 8, right: 12, top: 54, bottom: 6, containLabel: true }
