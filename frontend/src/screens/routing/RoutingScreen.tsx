/** 라우팅 구성: recommend routings, arrange their operations, save them as groups. */
import { lazy, Suspense } from 'react'
import { Loading } from '@/ui/PanelState'
import { useMediaQuery } from '@/ui/useMediaQuery'
import { useUndoKeys } from '@/ui/useUndoKeys'
import { Announcer } from './canvas/announce'
import { CanvasPanel } from './canvas/CanvasPanel'
import { RoutingTabs } from './canvas/RoutingTabs'
import { CandidatePanel } from './candidates/CandidatePanel'
import { Deliverables } from './exports/Deliverables'
import { GroupPanel } from './groups/GroupPanel'
import { AccessPreview } from './inputs/AccessPreview'
import { ItemInputs } from './inputs/ItemInputs'
import { LostDraftNotice } from './LostDraftNotice'
import { PredictionMetrics } from './metrics/PredictionMetrics'
import { useRouting } from './store/routingStore'
import { TimelineDrag } from './TimelineDrag'
import { FeatureWeights } from './weights/FeatureWeights'

const WorkflowDesigner = lazy(() => import('@/blueprint/WorkflowDesigner'))

export default function RoutingScreen() {
  useUndoKeys(useRouting.getState().undo, useRouting.getState().redo)
  // In one column the candidates stand right below the canvas that they are dragged onto.
  const threeColumns = useMediaQuery('(min-width: 1280px)')
  return (
    <TimelineDrag>
      <LostDraftNotice />
      <div className="grid-screen">
        <div className="grid min-w-0 items-start gap-5 md:grid-cols-2 xl:grid-cols-1">
          <ItemInputs />
          <AccessPreview />
        </div>
        <div className="flex min-w-0 flex-col gap-5">
          <RoutingTabs />
          <CanvasPanel />
          {!threeColumns && <CandidatePanel />}
          <Deliverables />
          <FeatureWeights />
          <PredictionMetrics />
        </div>
        <div className="flex min-w-0 flex-col gap-5">
          {threeColumns && <CandidatePanel />}
          <GroupPanel />
        </div>
      </div>
      <div className="mt-5">
        <Suspense fallback={<Loading rows={6} />}>
          <WorkflowDesigner />
        </Suspense>
      </div>
      <Announcer />
    </TimelineDrag>
  )
}
