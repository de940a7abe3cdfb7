import { ChevronLeft, Trash2 } from 'lucide-react'
import { useWindow } from '../../app/context'
import { Badge } from '../../components/ui/Badge'
import { Button, IconButton } from '../../components/ui/Button'
import { Facts, Section } from '../models/detail-parts'
import { splitOwner } from '../models/model'
import type { Taken } from './model'

/** What one model takes: by kind, shared, what can go, and revision by revision. */
export function TakenDetail({ taken }: { taken: Taken }) {
  const { t, format, stores, models, view, removal } = useWindow()
  const { usage, key, summary } = taken
  const { short } = splitOwner(usage.name)
  const back = (): void => stores.storage.setState({ selected: null })
  const remove = (revision: string | null): void =>
    void removal.ask({ targets: [{ name: usage.name, root: usage.root, revision }], prune: null })
  const size = (bytes: number): string | null => (bytes === 0 ? null : format.disk(bytes))
  const { kinds } = usage
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <header className="grid gap-2 px-4 pt-3.5 pb-3">
        <Button
          kind="ghost"
          size="s"
          icon={<ChevronLeft size={14} aria-hidden="true" />}
          onClick={back}
          className="-ms-2 justify-self-start"
        >
          {t.storage.backToAll}
        </Button>
        <h2 dir="auto" className="text text-15 font-semibold tracking-[-0.01em] [overflow-wrap:anywhere]">
          {short}
        </h2>
        {usage.problem === null ? null : (
          <p dir="auto" className="text-12 text-warn-ink">
            {usage.problem}
          </p>
        )}
        <div className="flex gap-2">
          {summary === null ? null : (
            <Button
              onClick={() => {
                stores.models.setState({ filter: 'all', search: '' })
                void models.select(key)
                view.go('models')
              }}
            >
              {t.storage.showModel}
            </Button>
          )}
          <Button icon={<Trash2 size={14} aria-hidden="true" />} onClick={() => remove(null)}>
            {t.storage.remove}
          </Button>
        </div>
      </header>
      <Section title={t.storage.modelTakes} aside={format.disk(usage.size_bytes)}>
        <Facts
          facts={[
            { name: t.storage.weights, value: size(kinds.weights) },
            { name: t.storage.otherFiles, value: size(kinds.other) },
            { name: t.storage.partials, value: size(kinds.partials) },
            { name: t.storage.orphans, value: size(kinds.orphans) },
            { name: t.storage.sharedPart, value: size(usage.shared_bytes) },
            { name: t.storage.canGoPart, value: size(usage.reclaimable_bytes) },
            { name: t.storage.removingFrees, value: format.disk(usage.removable_bytes) },
          ]}
        />
      </Section>
      <Section title={t.storage.revisions} aside={format.integer(usage.revisions.length)}>
        <ul className="grid gap-2 text-12">
          {usage.revisions.map((revision) => (
            <li key={revision.hash} className="grid grid-cols-[minmax(0,1fr)_auto_24px] items-center gap-x-2">
              <span className="flex min-w-0 items-center gap-1.5">
                <span className="mono" title={revision.hash}>
                  {revision.hash.slice(0, 7)}
                </span>
                {revision.chosen ? <Badge tone="accent">{t.storage.inUse}</Badge> : null}
                <span className="truncate text-ink-3">{revision.refs.join(', ')}</span>
              </span>
              <span className="num">{format.disk(revision.size_bytes)}</span>
              {usage.revisions.length < 2 ? (
                <span />
              ) : (
                <IconButton
                  label={t.storage.removeRevision(revision.hash.slice(0, 7))}
                  size="s"
                  onClick={() => remove(revision.hash)}
                >
                  <Trash2 size={14} aria-hidden="true" />
                </IconButton>
              )}
              <span className="col-span-3 text-ink-3">
                {t.storage.files(revision.files)}, {t.storage.frees(format.disk(revision.removable_bytes))}
              </span>
            </li>
          ))}
        </ul>
      </Section>
    </div>
  )
}
