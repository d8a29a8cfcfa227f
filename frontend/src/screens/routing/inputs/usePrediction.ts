/** Asks for routings and shows them on the canvas. */
import { useMutation } from '@tanstack/react-query'
import { request } from '@/api/client'
import { describeError } from '@/api/errors'
import { loadFeatures, type ModelFeatures } from '@/api/features'
import type { PredictionRequest, PredictionResponse } from '@/api/types'
import { ask } from '@/ui/confirm'
import { notify } from '@/ui/toasts'
import { warningsOf } from '../metrics/warnings'
import { hasUnsaved, useRouting, type Inputs } from '../store/routingStore'
import { routingText } from '../texts'
import { weightsOf } from '../weights/profiles'

export type ExtendedRequest = PredictionRequest & { with_evidence?: boolean; ignore_own_routing?: boolean }

export function predict(body: ExtendedRequest, signal?: AbortSignal): Promise<PredictionResponse> {
  return request<PredictionResponse>('post', '/api/predict', { body, signal })
}

/** The request for some items with the weights that were chosen. */
export function requestOf(
  inputs: Inputs,
  codes: readonly string[],
  features: ModelFeatures | null | undefined,
): ExtendedRequest {
  return {
    item_codes: [...codes],
    top_k: inputs.topK,
    similarity_threshold: inputs.similarity / 100,
    mode: 'detailed',
    with_visualization: false,
    with_evidence: true,
    ignore_own_routing: inputs.ignoreOwn,
    ...weightsOf(inputs, features),
  }
}

/** Features of the active model, where the chosen profile needs them. */
export async function featuresFor(inputs: Inputs): Promise<ModelFeatures | null> {
  return ['default', 'custom'].includes(inputs.weightProfile) ? null : loadFeatures()
}

function codesIn(metrics: Record<string, unknown> | undefined, names: readonly string[]): string[] {
  for (const name of names) {
    const value = metrics?.[name]
    if (Array.isArray(value) && value.length > 0) return value.map(String)
  }
  return []
}

function report(response: PredictionResponse) {
  const metrics = response.metrics as Record<string, unknown> | undefined
  const routings = response.items.filter((item) => item.operations?.length).length
  if (routings > 0) notify('good', routingText('runDone', { count: routings }))
  else notify('info', routingText('runNone'))
  const unknown = codesIn(metrics, ['unknown_items', 'unknown'])
  if (unknown.length > 0) notify('info', routingText('unknownCodes', { codes: unknown.join(', ') }))
  const featureless = warningsOf(response)
    .filter((warning) => warning.reason === 'NO_FEATURES')
    .map((warning) => warning.item_code)
  if (featureless.length > 0)
    notify('info', routingText('withoutFeatures', { codes: featureless.join(', ') }))
  const without = codesIn(metrics, ['items_without_routing', 'without_routing']).filter(
    (code) => !featureless.includes(code),
  )
  if (without.length > 0) notify('info', routingText('withoutRouting', { codes: without.join(', ') }))
}

export function usePrediction() {
  const mutation = useMutation({
    mutationKey: ['predict'],
    mutationFn: async (codes: readonly string[]) => {
      const { inputs } = useRouting.getState()
      const response = await predict(requestOf(inputs, codes, await featuresFor(inputs)))
      return { response, weightProfile: inputs.weightProfile }
    },
  })

  const run = async (codes: readonly string[]) => {
    let keepEdited = false
    if (hasUnsaved(useRouting.getState())) {
      const answer = await ask({
        title: routingText('replaceTitle'),
        text: routingText('replaceText'),
        choices: [
          { value: 'discard', label: routingText('discardEdited'), danger: true },
          { value: 'keep', label: routingText('keepEdited') },
        ],
      })
      if (answer === null) return
      keepEdited = answer === 'keep'
    }
    try {
      const { response, weightProfile } = await mutation.mutateAsync(codes)
      useRouting.getState().showPrediction(response, keepEdited, weightProfile)
      report(response)
    } catch (error) {
      notify('bad', describeError(error))
    }
  }
  return { run, busy: mutation.isPending, error: mutation.error }
}
