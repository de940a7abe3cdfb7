interface MiddleCutProps {
  prefix?: string | null
  head: string
  tail: string
}

/** A name that loses its middle when there is no room: the end stays, and whose it is goes before what it is. */
export function MiddleCut({ prefix = null, head, tail }: MiddleCutProps) {
  return (
    <span dir="auto" className="flex min-w-0">
      {prefix === null ? null : <span className="min-w-[1em] shrink-[99999] truncate text-ink-3">{prefix}</span>}
      <span data-part="head" className="min-w-0 truncate">
        {head}
      </span>
      <span className="flex-none whitespace-pre">{tail}</span>
    </span>
  )
}
