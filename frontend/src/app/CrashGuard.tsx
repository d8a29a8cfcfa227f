/** Keeps a fault in one screen from taking the whole page; the drafts stay stored. */
import { Component, type ReactNode } from 'react'
import { commonText } from '@/i18n/common'
import { Button } from '@/ui/Button'
import { Card } from '@/ui/Card'
import { ScriptFailed } from '@/ui/ScriptFailed'
import { ScriptError } from '@/ui/scripts'

interface Props {
  children: ReactNode
  /** A new value clears the fault, for instance the path of the screen. */
  place?: string
}

export class CrashGuard extends Component<Props, { error: Error | null; place?: string }> {
  override state: { error: Error | null; place?: string } = { error: null }

  static getDerivedStateFromError(error: Error) {
    return { error }
  }

  static getDerivedStateFromProps(props: Props, state: { error: Error | null; place?: string }) {
    return props.place === state.place ? null : { error: null, place: props.place }
  }

  override render() {
    if (!this.state.error) return this.props.children
    if (this.state.error instanceof ScriptError) return <ScriptFailed />
    return (
      <Card
        title={commonText('crashTitle')}
        description={commonText('crashText')}
        className="mx-auto my-8 max-w-2xl"
      >
        <pre className="mb-3 overflow-auto rounded-xl bg-field p-3 text-[0.82rem]">
          {this.state.error.message}
        </pre>
        <Button variant="primary" onClick={() => window.location.reload()}>
          {commonText('reload')}
        </Button>
      </Card>
    )
  }
}
