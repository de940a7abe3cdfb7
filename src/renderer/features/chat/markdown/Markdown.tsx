import { Image as ImageIcon } from 'lucide-react'
import { createContext, lazy, memo, Suspense, useContext, useEffect, useState, type ComponentProps } from 'react'
import ReactMarkdown from 'react-markdown'
import remarkGfm from 'remark-gfm'
import remarkMath from 'remark-math'
import { useWindow } from '../../../app/context'
import { definitionsOf, splitBlocks, type Block, type Split } from './blocks'
import { CodeBlock } from './CodeBlock'
import { toMathMarkdown } from './math'

const loadFormula = () => import('./Formula').then(({ withFonts }) => withFonts())
const Formula = lazy(loadFormula)

/** A link in a link is none. */
const InLink = createContext(false)

const SAFE_LINK = /^(https|mailto):/i

function Link({ href, children }: ComponentProps<'a'>) {
  if (href === undefined || !SAFE_LINK.test(href)) return <span>{children}</span>
  return (
    <a
      href={href}
      target="_blank"
      rel="noopener noreferrer"
      title={href}
      className="text-accent-ink underline decoration-line-2 underline-offset-2"
    >
      <InLink value={true}>{children}</InLink>
    </a>
  )
}

/**
 * Pictures are never fetched by the page: their address would tell somebody that this answer was read. Whoever wants to see one opens it
 * outside, with its host in sight.
 */
function Picture({ alt, src }: { alt: string; src: string | undefined }) {
  const { t } = useWindow()
  const inLink = useContext(InLink)
  const url = !inLink && src !== undefined && src.startsWith('https://') && URL.canParse(src) ? new URL(src) : null
  if (url === null) return <span className="text-ink-3">[{t.chat.image(alt)}]</span>
  return (
    <a
      href={url.href}
      target="_blank"
      rel="noopener noreferrer"
      referrerPolicy="no-referrer"
      title={url.href}
      className="inline-flex max-w-full items-center gap-1.5 rounded-2 bg-field px-2 py-1 text-12 text-ink-2 shadow-[inset_0_0_0_1px_var(--k-line)] fine:hover:bg-hover"
    >
      <ImageIcon size={14} aria-hidden="true" className="flex-none" />
      <span className="truncate">{t.chat.openImage(alt, url.host)}</span>
    </a>
  )
}

function LazyFormula({ tex, display }: { tex: string; display: boolean }) {
  return (
    <Suspense fallback={<code>{tex}</code>}>
      <Formula tex={tex} display={display} />
    </Suspense>
  )
}

interface TreeNode {
  type: string
  value?: string
  tagName?: string
  properties?: Record<string, unknown>
  children?: TreeNode[]
}

const textOf = (node: TreeNode): string => node.value ?? (node.children ?? []).map(textOf).join('')
const classesOf = (node: TreeNode | undefined): string[] => {
  const classes = node?.properties?.['className']
  return Array.isArray(classes) ? classes.map(String) : []
}

/** Code that stands in a list or a quotation; on its own it is a block. */
function Pre({ node }: { node?: TreeNode | undefined }) {
  const code = node?.children?.find((child) => child.tagName === 'code')
  const text = code === undefined ? '' : textOf(code).replace(/\n$/, '')
  const classes = classesOf(code)
  if (classes.includes('math-display')) return <LazyFormula tex={text} display />
  const language = classes.find((name) => name.startsWith('language-'))
  return <CodeBlock language={language?.slice('language-'.length) ?? null} text={text} open={false} />
}

function InlineCode({ node, children }: { node?: TreeNode | undefined; children?: ComponentProps<'code'>['children'] }) {
  if (node !== undefined && classesOf(node).includes('math-inline')) return <LazyFormula tex={textOf(node)} display={false} />
  return <code>{children}</code>
}

const components: ComponentProps<typeof ReactMarkdown>['components'] = {
  a: ({ href, children }) => <Link {...(href === undefined ? {} : { href })}>{children}</Link>,
  img: ({ alt, src }) => <Picture alt={alt ?? ''} src={typeof src === 'string' ? src : undefined} />,
  pre: ({ node }) => <Pre node={node} />,
  code: ({ node, children }) => <InlineCode node={node}>{children}</InlineCode>,
  table: ({ children }) => (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by keyboard
    <div className="overflow-x-auto" tabIndex={0}>
      <table>{children}</table>
    </div>
  ),
}

const plugins: ComponentProps<typeof ReactMarkdown>['remarkPlugins'] = [remarkGfm, [remarkMath, { singleDollarTextMath: false }]]

/** One block. Memoised by its text: while an answer grows, what stands above its end is not touched. */
const BlockView = memo(function BlockView({ block, definitions }: { block: Block; definitions: string }) {
  const { kind, text, language, open } = block
  if (kind === 'code') return <CodeBlock language={language} text={text} open={open} />
  if (kind === 'plain') return <div className="whitespace-pre-wrap">{text}</div>
  return (
    <ReactMarkdown remarkPlugins={plugins} components={components}>
      {toMathMarkdown(definitions === '' ? text : `${text}\n\n${definitions}`)}
    </ReactMarkdown>
  )
})

/** An answer as Markdown: no raw HTML, no pictures, links of two kinds only. */
function MarkdownText({ text }: { text: string }) {
  const [known, setKnown] = useState<Split | null>(null)
  const split = known?.text === text ? known : splitBlocks(text, known)
  if (split !== known) setKnown(split)
  // Fetched before the first formula comes: one that appears late moves what stands beside it.
  useEffect(() => void loadFormula().catch(() => undefined), [])
  const definitions = definitionsOf(text)
  return (
    <div dir="auto" className="prose">
      {split.blocks.map((block, index) => (
        // Its place is what a block is known by: it never moves.
        // oxlint-disable-next-line react/no-array-index-key
        <BlockView key={index} block={block} definitions={block.text.includes('[') ? definitions : ''} />
      ))}
    </div>
  )
}

// Lazily loaded with the chat, hence the default export.
export default memo(MarkdownText)
