/** 기초 정보 조회: the item master as the source holds it. */
import { AuditPanel, ConnectionPanel } from './ConnectionPanels'
import { HierarchyPanel } from './HierarchyPanel'
import { ItemCard } from './ItemCard'
import { ItemCodesPanel } from './ItemCodesPanel'
import { ItemTabs } from './ItemTabs'
import { MatrixPanel } from './MatrixPanel'
import { MetadataPanel } from './MetadataPanel'
import { SearchPanel } from './SearchPanel'
import { useMasterAddress } from './useMasterAddress'

export default function MasterDataScreen() {
  useMasterAddress()
  return (
    <div className="grid-screen">
      <div className="flex min-w-0 flex-col gap-5">
        <ItemCodesPanel />
        <SearchPanel />
        <HierarchyPanel />
      </div>
      <div className="flex min-w-0 flex-col gap-5">
        <ItemTabs />
        <ItemCard />
        <MatrixPanel />
      </div>
      <div className="flex min-w-0 flex-col gap-5">
        <ConnectionPanel />
        <AuditPanel />
        <MetadataPanel />
      </div>
    </div>
  )
}
