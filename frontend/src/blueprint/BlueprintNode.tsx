/** A node on the dark canvas: label, kind, problems, one handle a port. */
import { Handle, Position, type Node, type NodeProps } from '@xyflow/react'
import clsx from 'clsx'
import { CircleAlert } from 'lucide-react'
import { memo } from 'react'
import type { NodeType } from '@/api/blueprint'
import { currentLanguage } from '@/i18n'
import { portWord } from './portWords'
import { useBlueprintText } from './texts'

export type FlowNode = Node<
  {
    label: string
    type: NodeType | undefined
    typeName: string
    problems: string[]
    facts: string
    off: boolean
  },
  'blueprint'
>

const PORT_COLOURS: Record<string, string> = {
  items: '#7cc4ff',
  routing: '#8be0c0',
  weights: '#ffd479',
  encoded: '#c9b6ff',
  vectors: '#9fd0ff',
  index: '#ffb38a',
  version: '#f5a3c7',
  times: '#b6e388',
  results: '#e0e6ff',
}

export function portColour(kind: string): string {
  return PORT_COLOURS[kind] ?? '#d3dcea'
}

export const BlueprintNode = memo(function BlueprintNode({ data, selected }: NodeProps<FlowNode>) {
  const { type, problems } = data
  const inputs = type?.inputs ?? []
  const outputs = type?.outputs ?? []
  const place = (index: number, count: number) => ({ top: `${((index + 1) / (count + 1)) * 100}%` })
  const t = useBlueprintText()
  const bad = problems.length > 0
  const state = bad ? 'attention' : data.off ? 'off' : 'ready'
  const kind = type ? (currentLanguage() === 'ko' ? type.label_ko : type.label_en) : data.typeName
  return (
    <div
      className={clsx(
        'w-36 rounded-xl border bg-blueprint-card px-3 py-2 text-blueprint-text shadow-lg',
        data.off && !bad && 'border-dashed',
        bad ? 'border-[#ff9d8a]' : selected ? 'border-accent ring-2 ring-accent' : 'border-blueprint-line',
      )}
      title={bad ? problems.join('\n') : undefined}
    >
      {inputs.map((port, index) => (
        <Handle
          key={port.name}
          id={port.type}
          type="target"
          position={Position.Left}
          style={{ ...place(index, inputs.length), background: portColour(port.type), width: 11, height: 11 }}
          title={portWord(port.type)}
        />
      ))}
      <div className="flex items-start justify-between gap-2">
        <span className="line-clamp-3 min-w-0 text-[1.12rem] leading-snug font-semibold">{data.label}</span>
        {bad && <CircleAlert className="size-4 shrink-0 text-[#ffb4a5]" aria-hidden />}
      </div>
      <div className={clsx('text-[0.76rem]', bad ? 'text-[#ffc4b8]' : 'text-blueprint-muted')}>
        {t(state)}
      </div>
      {kind !== data.label && <div className="truncate text-[0.8rem] text-blueprint-muted">{kind}</div>}
      {data.facts && <div className="line-clamp-2 text-[0.76rem] text-blueprint-muted">{data.facts}</div>}
      {bad && <div className="mt-1 line-clamp-2 text-[0.76rem] text-[#ffc4b8]">{problems[0]}</div>}
      {outputs.map((port, index) => (
        <Handle
          key={port.name}
          id={port.type}
          type="source"
          position={Position.Right}
          style={{
            ...place(index, outputs.length),
            background: portColour(port.type),
            width: 11,
            height: 11,
          }}
          title={portWord(port.type)}
        />
      ))}
    </div>
  )
})
