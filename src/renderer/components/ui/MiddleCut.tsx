interface MiddleCutProps {
  prefix?: string | null
  head: string
  tail: string
}

/** A name that loses its middle when there is no room: the end stays. */
export function MiddleCut({ prefix = null, head, tail }: MiddleCutProps) {
  return (
    <span dir="auto" className="flex min-w-0">
      <span className="truncate">
        {prefix === null ? null : <span className="text-ink-3">{prefix}</span>}
        {head}
      </span>
      <span className="flex-none whitespace-pre">{tail}</span>
    </span>
  )
}
