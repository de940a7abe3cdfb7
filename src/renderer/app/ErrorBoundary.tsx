import { OctagonAlert } from 'lucide-react'
import { Component, type ReactNode } from 'react'
import { Button } from '../components/ui/Button'
import { Notice } from '../components/ui/Notice'
import { useWindow } from './context'

function Crashed() {
  const { t } = useWindow()
  return (
    <Notice
      icon={<OctagonAlert size={28} strokeWidth={1.4} />}
      title={t.app.crashedTitle}
      alert
      actions={<Button onClick={() => window.location.reload()}>{t.app.reload}</Button>}
    >
      {t.app.crashedText}
    </Notice>
  )
}

/** A fault in one view leaves the rest of the window alive. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false }

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true }
  }

  override render(): ReactNode {
    return this.state.failed ? <Crashed /> : this.props.children
  }
}
