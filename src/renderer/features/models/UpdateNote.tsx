import { CircleArrowUp, CircleCheck, Info, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { FailureNote } from '../../app/FailureNote'
import { useUpdates, useWindow } from '../../app/context'
import { Button, IconButton } from '../../components/ui/Button'
import { Ring } from '../../components/ui/Ring'

const icon = { size: 14, 'aria-hidden': true, className: 'mt-px flex-none' } as const

/** Whether there is a newer revision, once that was asked, and the way to it. */
export function UpdateNote({ name }: { name: string }) {
  const { t, format, updates } = useWindow()
  const words = t.care.update
  const update = useUpdates((state) => state.updates[name])
  if (update === undefined) return null
  if (update.state === 'failed')
    return (
      <div className="px-4 pb-3">
        <FailureNote error={update.error} onRetry={() => void updates.check(name)} />
      </div>
    )
  const line = (mark: ReactNode, title: string, text: string | null): ReactNode => (
    <>
      {mark}
      <div className="num grid flex-1 gap-0.5">
        <strong className="font-semibold">{title}</strong>
        {text === null ? null : <span className="text-pretty">{text}</span>}
        {update.state === 'newer' ? (
          <Button
            size="s"
            kind="primary"
            className="mt-1.5 justify-self-start"
            off={update.fitsDisk ? false : words.noRoom}
            onClick={() => void updates.start(name)}
          >
            {words.act(format.disk(update.fetchBytes))}
          </Button>
        ) : null}
      </div>
    </>
  )
  const content = (): ReactNode => {
    if (update.state === 'asking') return line(<Ring size={14} />, words.asking, null)
    if (update.state === 'current') return line(<CircleCheck {...icon} />, words.current, null)
    if (update.state === 'apart') return line(<Info {...icon} />, words.apart, words.apartText)
    return line(<CircleArrowUp {...icon} />, words.newer, words.newerText)
  }
  return (
    <div role="status" className="mx-4 mb-3 flex items-start gap-2 rounded-3 bg-field px-3 py-2.5 text-12">
      {content()}
      {update.state === 'asking' ? null : (
        <IconButton label={t.care.dismissResult} size="s" className="-my-1" onClick={() => updates.forget(name)}>
          <X size={14} aria-hidden="true" />
        </IconButton>
      )}
    </div>
  )
}
