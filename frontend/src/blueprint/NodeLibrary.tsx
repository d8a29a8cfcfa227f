/** The node types that the server knows: dragged onto the canvas, or added by Enter, a double click or a touch. */
import { useRef, useState, type MouseEvent } from 'react'
import type { NodeType } from '@/api/blueprint'
import { Card } from '@/ui/Card'
import { TextField } from '@/ui/Field'
import { Empty } from '@/ui/PanelState'
import { currentLanguage } from '@/i18n'
import { labelOf, NODE_MIME } from './BlueprintCanvas'
import { useBlueprint } from './blueprintStore'
import { addNode } from './graph'
import { useBlueprintText } from './texts'

function add(type: NodeType) {
  const { history, edit, select } = useBlueprint.getState()
  if (!history) return
  const lowest = Math.max(0, ...history.present.nodes.map((node) => node.position?.y ?? 0))
  const added = addNode(history.present, type, labelOf(type), { x: 0, y: lowest + 140 })
  edit(added.graph)
  select(added.id)
}

function isTouch({ nativeEvent }: MouseEvent): boolean {
  return nativeEvent instanceof PointerEvent && nativeEvent.pointerType === 'touch'
}

export function NodeLibrary({ types, readOnly }: { types: readonly NodeType[]; readOnly: boolean }) {
  const t = useBlueprintText()
  const [filter, setFilter] = useState('')
  const touched = useRef(false)
  const nodes = useBlueprint((state) => state.history?.present.nodes)
  const ko = currentLanguage() === 'ko'
  const wanted = filter.trim().toLowerCase()
  const shown = types.filter((type) =>
    [type.type, type.label_ko, type.label_en, type.help_ko, type.help_en]
      .join(' ')
      .toLowerCase()
      .includes(wanted),
  )

  return (
    <Card title={t('library')} description={t('libraryAbout')}>
      <TextField
        label={t('search')}
        hideLabel
        type="search"
        placeholder={t('search')}
        className="mb-3"
        value={filter}
        onChange={(event) => setFilter(event.target.value)}
      />
      {shown.length === 0 && <Empty title={t('noneFound')} />}
      <ul className="grid max-h-[34rem] gap-2 overflow-y-auto p-0.5 sm:grid-cols-2 md:grid-cols-3 xl:grid-cols-1">
        {shown.map((type) => {
          const full =
            type.max_count > 0 &&
            (nodes?.filter((node) => node.type === type.type).length ?? 0) >= type.max_count
          const usable = !readOnly && !full
          return (
            <li key={type.type}>
              <button
                type="button"
                draggable={usable}
                aria-disabled={!usable}
                onDragStart={(event) => event.dataTransfer.setData(NODE_MIME, type.type)}
                onDoubleClick={() => usable && !touched.current && add(type)}
                onClick={(event) => {
                  // A finger drags nothing out of a list that it scrolls: a touch adds.
                  touched.current = isTouch(event)
                  if (usable && touched.current) add(type)
                }}
                onKeyDown={(event) => {
                  if (event.key === 'Enter' && usable) add(type)
                }}
                className={`tile w-full px-3 py-2 text-left ${usable ? 'cursor-grab hover:border-accent-strong' : 'cursor-default'}`}
              >
                <span className="sr-only">{t('addNode', { name: labelOf(type) })}</span>
                <span className="flex flex-wrap items-baseline justify-between gap-x-2">
                  <span className="font-semibold text-heading">{labelOf(type)}</span>
                  <span className="text-[0.76rem] text-muted">
                    {t(`category.${type.category}` as 'category.source')}
                    {type.required && ` · ${t('needed')}`}
                  </span>
                </span>
                <span className="block text-[0.82rem] text-muted">
                  {full ? t('already') : ko ? type.help_ko : type.help_en}
                </span>
              </button>
            </li>
          )
        })}
      </ul>
    </Card>
  )
}
