import { useEffect, useMemo, useState } from 'react'
import { useWindow } from '../../../app/context'
import { CopyButton } from '../../../components/ui/CopyButton'
import type { highlight as Highlight } from './highlight'

/** Names people write; what is not here is shown as it came. */
const NAMES: Record<string, string> = {
  bash: 'Bash',
  c: 'C',
  cpp: 'C++',
  css: 'CSS',
  go: 'Go',
  html: 'HTML',
  java: 'Java',
  javascript: 'JavaScript',
  js: 'JavaScript',
  json: 'JSON',
  jsx: 'JSX',
  md: 'Markdown',
  py: 'Python',
  python: 'Python',
  rs: 'Rust',
  rust: 'Rust',
  sh: 'Shell',
  sql: 'SQL',
  swift: 'Swift',
  ts: 'TypeScript',
  tsx: 'TSX',
  typescript: 'TypeScript',
  yaml: 'YAML',
}

/** Beyond this, colours cost more than they help; of growing code much earlier, since all of it is read anew with every word. */
const MOST_COLOURED = 60_000
const MOST_COLOURED_GROWING = 6_000

let loaded: typeof Highlight | null = null

/** The highlighter, once it is there; asked for with the first code that has a language. */
function useHighlighter(wanted: boolean): typeof Highlight | null {
  const [highlighter, setHighlighter] = useState<{ run: typeof Highlight } | null>(null)
  useEffect(() => {
    if (!wanted || loaded !== null) return undefined
    let here = true
    void import('./highlight').then(({ highlight }) => {
      loaded = highlight
      if (here) setHighlighter({ run: highlight })
    })
    return () => {
      here = false
    }
  }, [wanted])
  return loaded ?? highlighter?.run ?? null
}

function Coloured({ language, text, open }: { language: string | null; text: string; open: boolean }) {
  const wanted = language !== null && text.length <= (open ? MOST_COLOURED_GROWING : MOST_COLOURED)
  const run = useHighlighter(wanted)
  const tokens = useMemo(() => (wanted && run !== null ? run(language.toLowerCase(), text) : null), [wanted, run, language, text])
  if (tokens === null) return text
  return tokens.map((token, index) =>
    token.className === null ? (
      token.text
    ) : (
      // oxlint-disable-next-line react/no-array-index-key -- tokens have no other name
      <span key={index} className={token.className}>
        {token.text}
      </span>
    ),
  )
}

/** Code with its language and Copy. Scrolls by itself, never wraps. `open`: its end has not come yet. */
export function CodeBlock({ language, text, open }: { language: string | null; text: string; open: boolean }) {
  const { t } = useWindow()
  const name = language === null ? t.chat.code : (NAMES[language.toLowerCase()] ?? language)
  return (
    <figure dir="ltr" className="overflow-hidden rounded-3 bg-code-bg shadow-[inset_0_0_0_1px_var(--k-line)]">
      <figcaption className="flex h-[30px] items-center border-b border-line ps-3 pe-1 text-11 text-ink-3">
        <span className="flex-1 truncate">{name}</span>
        <CopyButton text={text} label={t.chat.copyCode} copiedLabel={t.common.copied} caption={t.common.copy} />
      </figcaption>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by keyboard */}
      <pre
        tabIndex={0}
        aria-label={name}
        className="text overflow-x-auto px-3 pt-2.5 pb-3 font-mono text-[12.5px] leading-[19px] [font-variant-ligatures:none] focus-visible:-outline-offset-2"
      >
        <code>
          <Coloured language={language} text={text} open={open} />
        </code>
      </pre>
    </figure>
  )
}
