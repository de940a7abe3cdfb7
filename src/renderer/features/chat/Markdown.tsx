import { memo, type ComponentProps } from 'react'
import ReactMarkdown from 'react-markdown'
import remarkGfm from 'remark-gfm'
import { useWindow } from '../../app/context'
import { CodeBlock } from './CodeBlock'

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
      {children}
    </a>
  )
}

/** Pictures are never fetched: their address would tell somebody that this answer was read. */
function Picture({ alt }: ComponentProps<'img'>) {
  const { t } = useWindow()
  return <span className="text-ink-3">[{t.chat.image(alt ?? '')}]</span>
}

interface TreeNode {
  type: string
  value?: string
  tagName?: string
  properties?: Record<string, unknown>
  children?: TreeNode[]
}

const textOf = (node: TreeNode): string => node.value ?? (node.children ?? []).map(textOf).join('')

function Pre({ node }: { node?: TreeNode | undefined }) {
  const code = node?.children?.find((child) => child.tagName === 'code')
  const classes = code?.properties?.['className']
  const language = Array.isArray(classes) ? classes.map(String).find((name) => name.startsWith('language-')) : undefined
  return (
    <CodeBlock
      language={language?.slice('language-'.length) ?? null}
      text={code === undefined ? '' : textOf(code).replace(/\n$/, '')}
    />
  )
}

const components: ComponentProps<typeof ReactMarkdown>['components'] = {
  a: ({ href, children }) => <Link {...(href === undefined ? {} : { href })}>{children}</Link>,
  img: ({ alt }) => <Picture {...(alt === undefined ? {} : { alt })} />,
  pre: ({ node }) => <Pre node={node} />,
  table: ({ children }) => (
    <div className="overflow-x-auto">
      <table>{children}</table>
    </div>
  ),
}

const plugins = [remarkGfm]

/** An answer as Markdown: no raw HTML, no pictures, links of two kinds only. */
function MarkdownText({ text }: { text: string }) {
  return (
    <div dir="auto" className="prose">
      <ReactMarkdown remarkPlugins={plugins} components={components}>
        {text}
      </ReactMarkdown>
    </div>
  )
}

// Lazily loaded with the chat, hence the default export.
export default memo(MarkdownText)
