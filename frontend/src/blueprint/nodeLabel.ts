/** A node's name: what somebody called it, or its type's name in the chosen language where nobody did. */
import type { NodeType } from '@/api/blueprint'
import type { GraphNode } from '@/api/types'
import { currentLanguage } from '@/i18n'

export function nodeLabel(node: Pick<GraphNode, 'label'>, type: NodeType | undefined): string {
  if (!type || ![type.label_ko, type.label_en].includes(node.label)) return node.label
  return currentLanguage() === 'ko' ? type.label_ko : type.label_en
}
