import type { ModelDetail } from '../../../shared/contract'
import { useWindow } from '../../app/context'
import { Badge } from '../../components/ui/Badge'
import { CopyButton } from '../../components/ui/CopyButton'
import { Section } from './detail-parts'

const KINDS = ['weights', 'config', 'tokenizer', 'readme', 'other'] as const

/** The files of the revision in use, by what they are for. */
export function DetailFiles({ detail }: { detail: ModelDetail }) {
  const { t, format } = useWindow()
  if (detail.files.length === 0) return <p className="border-t border-line px-4 py-3 text-12 text-ink-2">{t.detail.noFiles}</p>
  return KINDS.map((kind) => {
    const files = detail.files.filter((file) => file.kind === kind)
    if (files.length === 0) return null
    const bytes = files.reduce((sum, file) => sum + file.size_bytes, 0)
    return (
      <Section key={kind} title={t.detail.fileKind[kind]} aside={format.fileSize(bytes)}>
        <ul className="grid gap-[5px] text-12">
          {files.map((file) => (
            <li key={file.path} className="flex gap-3">
              <span dir="auto" className="mono text min-w-0 flex-1 truncate" title={file.path}>
                {file.path}
              </span>
              <span className="num flex-none text-ink-2" title={`${format.integer(file.size_bytes)} B`}>
                {format.fileSize(file.size_bytes)}
              </span>
            </li>
          ))}
        </ul>
      </Section>
    )
  })
}

export function DetailRevisions({ detail }: { detail: ModelDetail }) {
  const { t } = useWindow()
  return (
    <ul className="grid gap-1 border-t border-line px-4 py-3 text-12">
      {detail.revisions.map((revision) => (
        <li key={revision.hash} className="flex min-h-6 items-center gap-2">
          <span className="mono text" title={revision.hash}>
            {revision.hash.slice(0, 7)}
          </span>
          <CopyButton text={revision.hash} label={t.detail.copyHash} copiedLabel={t.common.copied} />
          <span className="min-w-0 flex-1 truncate text-ink-3">
            {revision.refs.length === 0 ? t.detail.noRefs : revision.refs.join(', ')}
          </span>
          {revision.chosen ? <Badge tone="accent">{t.detail.chosen}</Badge> : null}
        </li>
      ))}
    </ul>
  )
}

export function DetailConfig({ detail }: { detail: ModelDetail }) {
  const { t } = useWindow()
  if (detail.config === null) return <p className="border-t border-line px-4 py-3 text-12 text-ink-2">{t.detail.noConfig}</p>
  const text = JSON.stringify(detail.config, null, 2)
  return (
    <div className="relative border-t border-line">
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by keyboard */}
      <pre tabIndex={0} aria-label="config.json" className="mono text overflow-x-auto px-4 py-3 text-12 leading-[19px]">
        {text}
      </pre>
      <CopyButton text={text} label={t.common.copy} copiedLabel={t.common.copied} className="absolute end-2 top-2" />
    </div>
  )
}
