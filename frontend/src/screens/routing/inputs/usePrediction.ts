/** Asks for routings and shows them on the canvas. */
import { useMutation } from '@tanstack/react-query'
import { request } from '@/api/client'
import { describeError } from '@/api/errors'
import type { PredictionRequest, PredictionResponse } from '@/api/types'
import { ask } from '@/ui/confirm'
import { notify } from '@/ui/toasts'
import { hasUnsaved, useRouting, type Inputs } from '../store/routingStore'
import { currentOf } from '../store/work'
import { routingText } from '../texts'
import { weightsOf } from '../weights/profiles'

export type ExtendedRequest = PredictionRequest & { with_evidence?: boolean; ignore_own_routing?: boolean }

export function predict(body: ExtendedRequest, signal?: AbortSignal): Promise<PredictionResponse> {
  return request<PredictionResponse>('post', '/api/predict', { body, signal })
}

/** The request for some items with the weights that were chosen. */
export function requestOf(inputs: Inputs, codes: readonly string[]): ExtendedRequest {
  return {
    item_codes: [...codes],
    top_k: inputs.topK,
    similarity_threshold: inputs.similarity / 100,
    mode: 'detailed',
    with_visualization: false,
    with_evidence: true,
    ignore_own_routing: inputs.ignoreOwn,
    ...weightsOf(inputs),
  }
}

function report(response: PredictionResponse) {
  const routings = response.items.filter((item) => item.operations?.length).length
  if (routings > 0) notify('good', routingText('runDone', { count: routings }))
  else notify('info', routingText('runNone'))
}

/** The routings that items have now, where the prediction left them aside; the list shows what differs. */
async function loadCurrent(response: PredictionResponse) {
  const { inputs } = useRouting.getState()
  if (!inputs.ignoreOwn) return
  const codes = [...new Set(response.items.map((item) => item.ITEM_CD))]
  if (codes.length === 0) return
  try {
    const body = {
      ...requestOf({ ...inputs, weightProfile: 'default' }, codes),
      with_evidence: false,
      ignore_own_routing: false,
    }
    useRouting.getState().noteCurrent(currentOf(await predict(body)))
  } catch (error) {
    notify('info', routingText('noCurrentLoaded', { reason: describeError(error) }))
  }
}

/** What is being asked for: the same again, by a second click or another key, is not asked twice. */
let underWay: string | null = null

export function usePrediction() {
  const mutation = useMutation({
    mutationKey: ['predict'],
    mutationFn: async (codes: readonly string[]) => {
      const { inputs } = useRouting.getState()
      const response = await predict(requestOf(inputs, codes))
      return { response, weightProfile: inputs.weightProfile }
    },
  })

  const run = async (codes: readonly string[]) => {
    const asked = JSON.stringify(requestOf(useRouting.getState().inputs, codes))
    if (asked === underWay) return
    underWay = asked
    try {
      await replaceBy(codes)
    } finally {
      if (underWay === asked) underWay = null
    }
  }

  const replaceBy = async (codes: readonly string[]) => {
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
      void loadCurrent(response)
    } catch (error) {
      notify('bad', describeError(error))
    }
  }
  return { run, busy: mutation.isPending, error: mutation.error }
}
