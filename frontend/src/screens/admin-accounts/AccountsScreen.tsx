/** 계정 관리: approval, accounts, audit log. Administrators only. */
import { AccountsPanel } from './AccountsPanel'
import { AuditPanel } from './AuditPanel'
import { PendingPanel } from './PendingPanel'

export default function AccountsScreen() {
  return (
    <div className="flex flex-col gap-5">
      <PendingPanel />
      <AccountsPanel />
      <AuditPanel />
    </div>
  )
}
