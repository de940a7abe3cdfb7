import { Circle, CircleCheck, CircleDashed, OctagonAlert, Trash2 } from 'lucide-react'
import type { ModelDetail, ModelFile } from '../../../shared/contract'
import { useWindow } from '../../app/context'
import { IconButton } from '../../components/ui/Button'
import { Badge } from '../../components/ui/Badge'
import { CopyButton } from '../../components/ui/CopyButton'
import { cx } from '../../lib/cx'
import { useNow } from '../../lib/use-now'
import { CheckNote } from './CheckNote'
import { countHashes } from './hashes'
import { canRemove } from './model'
import { Section } from './detail-parts'

const KINDS = ['weights', 'config', 'tokenizer', 'readme', 'other'] as const

const marks = { verified: CircleCheck, damaged: OctagonAlert, not_checked: Circle, unverifiable: CircleDashed }
const tones = { verified: 'text-ok-ink', damaged: 'text-bad-ink', not_checked: 'text-ink-3', unverifiable: 'text-ink-3' }

/** Whether the bytes of a file were compared with their hash, and when. */
function HashMark({ file: { hash_state: state, checked_at: at } }: { file: ModelFile }) {
  const { t, format } = useWindow()
  const Icon = marks[state]
  const isKnown = state === 'verified' || state === 'damaged'
  const words = isKnown && at !== null ? t.care.hashAt[state](format.dateTime(at)) : t.care.hash[state]
  return (
    <span className={cx('mt-px flex-none', tones[state])} title={words}>
      <Icon size={12} aria-hidden="true" />
      <span className="sr-only">{words}</span>
    </span>
  )
}

/** How many of the files that have a hash match it, by the oldest comparison. */
function HashSummary({ files }: { files: readonly ModelFile[] }) {
  const { t, format } = useWindow()
  const now = useNow()
  const { comparable, compared, matching, oldest } = countHashes(files)
  if (comparable === 0) return null
  return (
    <p className="num flex gap-3 border-t border-line px-4 py-2.5 text-12 text-ink-2">
      <span className="flex-1">{compared === 0 ? t.care.hashNone : t.care.hashSome(matching, comparable)}</span>
      {oldest === null ? null : (
        <span className="flex-none text-ink-3" title={format.dateTime(oldest)}>
          {t.care.hashOldest(format.ago(oldest, now))}
        </span>
      )}
    </p>
  )
}

/** The files of the revision in use, by what they are for. */
export function DetailFiles({ detail }: { detail: ModelDetail }) {
  const { t, format } = useWindow()
  if (detail.files.length === 0) return <p className="border-t border-line px-4 py-3 text-12 text-ink-2">{t.detail.noFiles}</p>
  const sections = KINDS.map((kind) => {
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
              <HashMark file={file} />
              <span className="num flex-none text-ink-2" title={`${format.integer(file.size_bytes)} B`}>
                {format.fileSize(file.size_bytes)}
              </span>
            </li>
          ))}
        </ul>
      </Section>
    )
  })
  return (
    <>
      <CheckNote name={detail.model.name} />
      <HashSummary files={detail.files} />
      {sections}
    </>
  )
}

export function DetailRevisions({ detail }: { detail: ModelDetail }) {
  const { t, format, removal } = useWindow()
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
          <span className="num flex-none text-ink-2">{format.disk(revision.size_bytes)}</span>
          {canRemove(detail.model) && detail.revisions.length > 1 ? (
            <IconButton
              label={t.care.removeRevision(revision.hash.slice(0, 7))}
              size="s"
              onClick={() =>
                void removal.ask({
                  targets: [{ name: detail.model.name, root: detail.model.root.path, revision: revision.hash }],
                  prune: null,
                })
              }
            >
              <Trash2 size={14} aria-hidden="true" />
            </IconButton>
          ) : null}
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
