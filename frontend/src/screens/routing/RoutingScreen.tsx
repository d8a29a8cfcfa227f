/** 라우팅 구성: recommend routings, arrange their operations, save them as groups. */
import { lazy, Suspense } from 'react'
import { Loading } from '@/ui/PanelState'
import { useUndoKeys } from '@/ui/useUndoKeys'
import { Announcer } from './canvas/announce'
import { CanvasPanel } from './canvas/CanvasPanel'
import { RoutingTabs } from './canvas/RoutingTabs'
import { CandidatePanel } from './candidates/CandidatePanel'
import { Deliverables } from './exports/Deliverables'
import { GroupPanel } from './groups/GroupPanel'
import { InterfaceDialog } from './groups/InterfaceDialog'
import { AccessPreview } from './inputs/AccessPreview'
import { ItemInputs } from './inputs/ItemInputs'
import { LostDraftNotice } from './LostDraftNotice'
import { PredictionMetrics } from './metrics/PredictionMetrics'
import { useRouting } from './store/routingStore'
import { TimelineDrag } from './TimelineDrag'
import { SaveBar } from './worklist/SaveBar'
import { WorkList } from './worklist/WorkList'
import { FeatureWeights } from './weights/FeatureWeights'

const WorkflowDesigner = lazy(() => import('@/blueprint/WorkflowDesigner'))

export default function RoutingScreen() {
  useUndoKeys(useRouting.getState().undo, useRouting.getState().redo)
  return (
    <TimelineDrag>
      <LostDraftNotice />
      <div className="grid items-stretch gap-5 xl:grid-cols-[18.5rem_minmax(0,1fr)]">
        <ItemInputs />
        <WorkList />
      </div>
      <div className="mt-5 grid items-start gap-5 xl:grid-cols-[minmax(0,1fr)_20.5rem] 2xl:grid-cols-[minmax(0,1fr)_21.5rem]">
        <div className="flex min-w-0 flex-col gap-5">
          <RoutingTabs />
          <CanvasPanel />
        </div>
        <CandidatePanel />
      </div>
      <div className="mt-5 grid items-start gap-5 xl:grid-cols-[minmax(0,1fr)_20.5rem] 2xl:grid-cols-[minmax(0,1fr)_21.5rem]">
        <div className="grid min-w-0 items-start gap-5 lg:grid-cols-2">
          <AccessPreview />
          <Deliverables />
          <FeatureWeights />
          <PredictionMetrics />
        </div>
        <GroupPanel />
      </div>
      <div className="mt-5">
        <Suspense fallback={<Loading rows={6} />}>
          <WorkflowDesigner />
        </Suspense>
      </div>
      <SaveBar />
      <InterfaceDialog />
      <Announcer />
    </TimelineDrag>
  )
}
