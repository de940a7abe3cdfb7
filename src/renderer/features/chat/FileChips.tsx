import { FileText, X } from 'lucide-react'
import { useWindow } from '../../app/context'
import { estimateTokens } from './model'

interface FileChipsProps {
  files: readonly { name: string; characters: number }[]
  onRemove?: (index: number) => void
}

/** Files that go with a question, with what they cost. */
export function FileChips({ files, onRemove }: FileChipsProps) {
  const { t, format } = useWindow()
  if (files.length === 0) return null
  return (
    <ul className="flex flex-wrap gap-1.5">
      {files.map(({ name, characters }, index) => {
        const tokens = format.tokens(estimateTokens(characters))
        return (
          <li
            // oxlint-disable-next-line react/no-array-index-key -- two files may have one name
            key={`${index} ${name}`}
            title={t.chat.attached(name, tokens)}
            className="flex h-6 max-w-60 min-w-0 items-center gap-1.5 rounded-2 bg-window ps-1.5 pe-1.5 text-12 shadow-[inset_0_0_0_1px_var(--k-line-2)]"
          >
            <FileText size={12} aria-hidden="true" className="flex-none text-ink-3" />
            <span dir="auto" className="truncate">
              {name}
            </span>
            <span className="num flex-none text-11 text-ink-3">{t.chat.fileTokens(tokens)}</span>
            {onRemove === undefined ? null : (
              <button
                type="button"
                aria-label={t.chat.detach(name)}
                onClick={() => onRemove(index)}
                className="-me-1 grid size-6 flex-none place-items-center rounded-1 text-ink-3 fine:hover:text-ink"
              >
                <X size={12} aria-hidden="true" />
              </button>
            )}
          </li>
        )
      })}
    </ul>
  )
}
