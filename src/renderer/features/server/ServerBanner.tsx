import { TriangleAlert } from 'lucide-react'
import { useServer, useWindow } from '../../app/context'
import { Banner } from '../../components/ui/Banner'
import { Button } from '../../components/ui/Button'
import { asFailure } from '../../lib/serialized'
import { isServerBroken, nextPort } from './store'

/** One line about an API that wants to listen and cannot, with what to do about it; nothing otherwise. */
export function ServerBanner() {
  const { t, server: actions } = useWindow()
  const server = useServer((state) => state.server)
  const failed = useServer((state) => state.error)
  const pending = useServer((state) => state.pending)
  if (server === null || !isServerBroken(server)) return null
  const error = failed ?? asFailure(server.error)
  const port = error?.code === 'port_in_use' ? nextPort(error, server.port) : null
  const advice = [t.server.notServed, port === null ? error?.hint : null].filter(Boolean).join(' ')
  return (
    <Banner
      tone="warn"
      icon={<TriangleAlert size={14} aria-hidden="true" className="text-warn-ink" />}
      actions={
        <>
          {port === null ? null : (
            <Button size="s" busy={pending} onClick={() => void actions.start(port)}>
              {t.errors.onPort(port)}
            </Button>
          )}
          <Button size="s" kind={port === null ? 'plain' : 'ghost'} busy={pending} onClick={() => void actions.start()}>
            {t.common.tryAgain}
          </Button>
        </>
      }
    >
      <span className="min-w-0">
        <strong className="font-medium">{error?.message ?? `${t.server.state[server.state]}.`}</strong> {advice}
      </span>
    </Banner>
  )
}
