/** What is wrong with a graph, in the words of the screen; the server's own for reasons that it does not know. */
import type { Graph, GraphProblem } from '@/api/blueprint'
import { currentLanguage } from '@/i18n'
import type { TypeIndex } from './graph'
import { portWord } from './portWords'

export function problemText(problem: GraphProblem, graph: Graph | null, types: TypeIndex): string {
  if (currentLanguage() !== 'ko') return problem.message
  const node = graph?.nodes.find((one) => one.id === problem.node_id)
  const edge = graph?.edges.find((one) => one.id === problem.edge_id)
  const type = types.get(node?.type ?? '')
  const nameOf = (id: string | undefined) => graph?.nodes.find((one) => one.id === id)?.label ?? id ?? '?'
  const about = node ? `${node.label}: ` : ''
  const key = problem.facts.option ?? ''
  const schema = type?.options_schema.properties?.[key]
  const option = schema?.['x-title-ko'] ?? key
  const limits = () => {
    if (schema?.enum) return ` (${schema.enum.join(', ')} 중 하나)`
    const bounds = [schema?.minimum, schema?.maximum]
    return bounds.some((bound) => bound !== undefined) ? ` (${bounds[0] ?? ''} ~ ${bounds[1] ?? ''})` : ''
  }
  switch (problem.reason) {
    case 'DUPLICATE_ID':
      return `${problem.node_id || problem.edge_id}: 같은 ID가 두 번 사용되었습니다.`
    case 'EDGE_TO_NOWHERE':
      return `${nameOf(edge?.source)} → ${nameOf(edge?.target)} 연결의 한쪽 노드가 없습니다.`
    case 'CYCLE':
      return `연결이 원을 이룹니다: ${nameOf(problem.node_id)}에서 다시 ${nameOf(problem.node_id)}(으)로 이어집니다.`
    case 'UNKNOWN_TYPE':
      return `${about}서버가 모르는 노드 종류입니다 (${node?.type ?? ''}).`
    case 'OPTION_UNKNOWN':
      return `${about}${option} 설정은 없는 항목입니다.`
    case 'OPTION_MISSING':
      return `${about}${option} 설정이 필요합니다.`
    case 'OPTION_WRONG_TYPE':
      return `${about}${option} 값의 형식이 맞지 않습니다.`
    case 'OPTION_OUT_OF_RANGE':
      return `${about}${option} 값이 범위를 벗어났습니다${limits()}.`
    case 'TOO_MANY_NODES':
      return `${about}이 종류의 노드는 한 개만 사용할 수 있습니다.`
    case 'NO_FEATURE':
      return `${about}모든 피처가 꺼져 있습니다.`
    case 'NODE_MISSING': {
      const missing = types.get(problem.facts.node_type ?? '')
      return missing ? `필수 노드가 없습니다: ${missing.label_ko}` : problem.message
    }
    case 'INPUT_NOT_CONNECTED': {
      const port = problem.facts.port ?? ''
      const giver = types.get(problem.facts.node_type ?? '')
      return `${about}입력 '${portWord(port)}'이(가) 연결되지 않았습니다.${giver ? ` ${giver.label_ko} 노드와 연결하세요.` : ''}`
    }
    case 'PORT_MISMATCH':
      return `${nameOf(edge?.source)} → ${nameOf(edge?.target)}: 같은 종류의 포트가 없어 연결할 수 없습니다.`
    default:
      return problem.message
  }
}
