import { useWindow } from '../../app/context'
import { CopyButton } from '../../components/ui/CopyButton'

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

/** Code with its language and Copy. Scrolls by itself, never wraps. */
export function CodeBlock({ language, text }: { language: string | null; text: string }) {
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
        <code>{text}</code>
      </pre>
    </figure>
  )
}
