/** 라우팅 구성: recommend routings, arrange their operations, save them as groups. */
import { lazy, Suspense } from 'react'
import { CrashGuard } from '@/app/CrashGuard'
import { Loading } from '@/ui/PanelState'
import { fetchPart } from '@/ui/scripts'
import { useMediaQuery } from '@/ui/useMediaQuery'
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
import { useRoutingAddress } from './useRoutingAddress'
import { SaveBar } from './worklist/SaveBar'
import { WorkList } from './worklist/WorkList'
import { FeatureWeights } from './weights/FeatureWeights'

const WorkflowDesigner = lazy(() => fetchPart(() => import('@/blueprint/WorkflowDesigner')))

export default function RoutingScreen() {
  useRoutingAddress()
  useUndoKeys(useRouting.getState().undo, useRouting.getState().redo)
  // In one column the candidates stand right below the canvas that they are dragged onto.
  const wide = useMediaQuery('(min-width: 1280px)')
  return (
    <TimelineDrag>
      <LostDraftNotice />
      <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_20.5rem] 2xl:grid-cols-[minmax(0,1fr)_21.5rem]">
        <div className="flex min-w-0 flex-col gap-4">
          <div className="grid items-stretch gap-4 md:grid-cols-[17rem_minmax(0,1fr)]">
            <ItemInputs />
            <WorkList />
          </div>
          <RoutingTabs />
          <CanvasPanel />
          {!wide && <CandidatePanel />}
          <div className="grid min-w-0 items-start gap-4 lg:grid-cols-2">
            <div className="flex min-w-0 flex-col gap-4">
              <AccessPreview />
              <Deliverables />
            </div>
            <div className="flex min-w-0 flex-col gap-4">
              <FeatureWeights />
              <PredictionMetrics />
            </div>
          </div>
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          {wide && <CandidatePanel />}
          <GroupPanel />
        </div>
      </div>
      <div className="mt-5">
        <CrashGuard>
          <Suspense fallback={<Loading rows={6} />}>
            <WorkflowDesigner />
          </Suspense>
        </CrashGuard>
      </div>
      <SaveBar />
      <InterfaceDialog />
      <Announcer />
    </TimelineDrag>
  )
}
