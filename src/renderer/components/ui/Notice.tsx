import type { ReactNode } from 'react'

interface NoticeProps {
  icon: ReactNode
  title: string
  children?: ReactNode
  actions?: ReactNode
  alert?: boolean
  /** 1 where it is the whole page. */
  level?: 1 | 2
}

/** An empty pane or one that failed: what is so, one sentence, one or two ways on. Stands in the middle of its pane. */
export function Notice({ icon, title, children, actions, alert = false, level = 2 }: NoticeProps) {
  const Heading = level === 1 ? 'h1' : 'h2'
  return (
    <div {...(alert ? { role: 'alert' } : {})} className="grid h-full content-center justify-items-center gap-1.5 p-6 text-center">
      <span aria-hidden="true" className="mb-0.5 text-ink-3">
        {icon}
      </span>
      <Heading className="text-15 font-semibold tracking-[-0.01em] [overflow-wrap:anywhere]">{title}</Heading>
      {children === undefined ? null : <div className="max-w-80 text-ink-2 text-pretty">{children}</div>}
      {actions === undefined ? null : <div className="mt-2 flex flex-wrap justify-center gap-2">{actions}</div>}
    </div>
  )
}
