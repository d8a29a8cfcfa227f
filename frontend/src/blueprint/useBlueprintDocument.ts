/** Loads the stored graph into the editor, checks it as it changes, and saves it. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { checkGraph, useNodeTypes, type Graph } from '@/api/blueprint'
import { describeError, statusOf } from '@/api/errors'
import { queryClient } from '@/api/queryClient'
import { useWorkflow, useWorkflowPatch, WORKFLOW_KEY, type PlantSettings } from '@/api/workflow'
import { ask } from '@/ui/confirm'
import { notify } from '@/ui/toasts'
import { isChanged, useBlueprint } from './blueprintStore'
import { arrange } from './arrange'
import { hasPositions, indexTypes } from './graph'
import { blueprintText } from './texts'

/** The graph of the settings; an empty one means the default pipeline. */
export function graphOf(settings: PlantSettings, fallback: Graph): Graph {
  const { nodes, edges } = settings.graph
  if (!nodes?.length) return arrange(fallback)
  const graph = { nodes, edges: edges ?? [] }
  return hasPositions(graph) ? graph : arrange(graph)
}

function useSettled<Value>(value: Value, milliseconds: number): Value {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds)
    return () => clearTimeout(timer)
  }, [value, milliseconds])
  return settled
}

export function useBlueprintDocument() {
  const workflow = useWorkflow()
  const nodeTypes = useNodeTypes()
  const patch = useWorkflowPatch()
  const history = useBlueprint((state) => state.history)
  const changed = useBlueprint(isChanged)
  const revision = useBlueprint((state) => state.revision)
  const graph = history?.present ?? null
  const types = useMemo(() => indexTypes(nodeTypes.data?.types ?? []), [nodeTypes.data])

  useEffect(() => {
    const state = useBlueprint.getState()
    if (!workflow.data || !nodeTypes.data) return
    if (state.history === null || (!isChanged(state) && state.revision !== workflow.data.revision)) {
      state.load(graphOf(workflow.data, nodeTypes.data.default_graph), workflow.data.revision)
    }
  }, [workflow.data, nodeTypes.data])

  const settled = useSettled(graph, 400)
  const check = useQuery({
    queryKey: ['graph-check', settled],
    enabled: settled !== null,
    staleTime: Infinity,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => checkGraph(settled ?? { nodes: [], edges: [] }, signal),
  })

  const save = async (expected: number | undefined = useBlueprint.getState().revision): Promise<void> => {
    const current = useBlueprint.getState().history?.present
    if (!current) return
    try {
      const stored = await patch.mutateAsync({
        patch: { graph: { nodes: current.nodes, edges: current.edges } },
        revision: expected,
      })
      useBlueprint.setState({ saved: current, revision: stored.revision })
      notify('good', blueprintText('saved', { revision: stored.revision ?? '–' }))
      if (stored.unconfirmed?.length)
        notify('info', blueprintText('unconfirmed', { names: stored.unconfirmed.join(', ') }))
    } catch (error) {
      if (statusOf(error) !== 409) {
        notify('bad', describeError(error))
        return
      }
      const answer = await ask({
        title: blueprintText('conflictTitle'),
        text: blueprintText('conflictText'),
        choices: [
          { value: 'theirs', label: blueprintText('conflictTheirs') },
          { value: 'mine', label: blueprintText('conflictMine'), danger: true },
        ],
      })
      await queryClient.refetchQueries({ queryKey: WORKFLOW_KEY })
      const latest = queryClient.getQueryData<PlantSettings>(WORKFLOW_KEY)
      if (!latest) return
      if (answer === 'mine') await save(latest.revision)
      else if (answer === 'theirs' && nodeTypes.data)
        useBlueprint.getState().load(graphOf(latest, nodeTypes.data.default_graph), latest.revision)
    }
  }
  const discard = () => {
    if (workflow.data && nodeTypes.data)
      useBlueprint
        .getState()
        .load(graphOf(workflow.data, nodeTypes.data.default_graph), workflow.data.revision)
  }

  return {
    workflow,
    nodeTypes,
    types,
    graph,
    history,
    changed,
    revision,
    check: check.data,
    checkFailed: check.error,
    /** Whether `check` is of the graph as it is now, and not as it was a moment ago. */
    checkedNow: !check.isPlaceholderData && settled === graph,
    save,
    saving: patch.isPending,
    discard,
  }
}

export type BlueprintDocument = ReturnType<typeof useBlueprintDocument>
