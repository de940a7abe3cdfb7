import { OctagonAlert } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { Button } from './Button'
import { CopyButton } from './CopyButton'

interface ErrorNoteProps {
  title: string
  message: string
  /** What to do next. */
  hint?: string | null
  /** Folded out by "Details"; null or empty when there is nothing more to say. */
  details: string | null
  words: { details: string; copy: string; copied: string }
  actions?: ReactNode
}

/** What went wrong, the way out, and details for whoever wants to report it. */
export function ErrorNote({ title, message, hint = null, details, words, actions }: ErrorNoteProps) {
  const [open, setOpen] = useState(false)
  const hasDetails = details !== null && details !== ''
  return (
    <div role="alert" className="grid gap-2 rounded-3 bg-bad-soft px-3 py-2.5 text-12 text-ink">
      <div className="grid grid-cols-[16px_minmax(0,1fr)] gap-x-1.5">
        <OctagonAlert size={14} aria-hidden="true" className="mt-px text-bad-ink" />
        <div className="text grid gap-0.5">
          <strong className="font-semibold">{title}</strong>
          <span dir="auto" className="[overflow-wrap:anywhere]">
            {message}
          </span>
          {hint === null ? null : (
            <span dir="auto" className="text-ink-2 [overflow-wrap:anywhere]">
              {hint}
            </span>
          )}
        </div>
      </div>
      {actions === undefined && !hasDetails ? null : (
        <div className="flex flex-wrap items-center gap-1.5 ps-[22px]">
          {actions}
          {hasDetails ? (
            <Button size="s" kind="ghost" aria-expanded={open} onClick={() => setOpen(!open)}>
              {words.details}
            </Button>
          ) : null}
        </div>
      )}
      {open && hasDetails ? (
        <div className="relative ms-[22px] rounded-2 bg-window">
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by keyboard */}
          <pre tabIndex={0} className="mono text max-h-40 overflow-auto p-2 pe-9 whitespace-pre-wrap [overflow-wrap:anywhere]">
            {details}
          </pre>
          <CopyButton text={details} label={words.copy} copiedLabel={words.copied} className="absolute end-1 top-1" />
        </div>
      ) : null}
    </div>
  )
}
