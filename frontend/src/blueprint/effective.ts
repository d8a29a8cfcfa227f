/** What counts for an option of a node: what the node gives, else the setting behind it, else the default. */
import type { NodeType, OptionSchema } from '@/api/blueprint'
import type { GraphNode } from '@/api/types'
import type { PlantSettings } from '@/api/workflow'

/** The schema with the value that counts where the node gives none as its default. */
export function withSetting(schema: OptionSchema, settings: PlantSettings | undefined): OptionSchema {
  const [section, name] = schema['x-setting'] ?? []
  if (!section || !name || !settings) return schema
  const values = (settings as unknown as Record<string, Record<string, unknown> | undefined>)[section]
  return values && name in values ? { ...schema, default: values[name] } : schema
}

/** Whether a node that can be switched off is off. */
export function isOff(
  node: Pick<GraphNode, 'settings'>,
  type: NodeType | undefined,
  settings: PlantSettings | undefined,
): boolean {
  const schema = type?.options_schema.properties?.enabled
  if (!schema) return false
  const given = (node.settings as Record<string, unknown> | undefined)?.enabled
  return (given ?? withSetting(schema, settings).default) === false
}
