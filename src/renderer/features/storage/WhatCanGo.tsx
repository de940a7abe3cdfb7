import type { PrunePlan } from '../../../shared/contract'
import { useStorage, useWindow } from '../../app/context'
import { Button } from '../../components/ui/Button'
import { Checkbox } from '../../components/ui/Checkbox'
import { useNow } from '../../lib/use-now'
import { splitOwner } from '../models/model'
import { toCanGo, undecided, type CanGo, type Taken } from './model'

const SHOWN_NAMES = 3
const SHOWN_DECISIONS = 8

function Choice(props: { label: string; text: string; size: string; checked: boolean; onChange: () => void }) {
  return (
    <li className="grid grid-cols-[16px_minmax(0,1fr)_auto] items-start gap-x-2.5 px-4 py-[9px] not-first:border-t not-first:border-line">
      <span className="mt-px">
        <Checkbox label={props.label} checked={props.checked} onChange={props.onChange} />
      </span>
      <div className="min-w-0">
        <div dir="auto" className="truncate font-medium" title={props.label}>
          {props.label}
        </div>
        <div dir="auto" className="text-12 text-ink-2 [overflow-wrap:anywhere]">
          {props.text}
        </div>
      </div>
      <span className="num font-medium">{props.size}</span>
    </li>
  )
}

function Categories({ kinds }: { kinds: readonly CanGo[] }) {
  const { t, format, storage } = useWindow()
  const kept = useStorage((state) => state.kept)
  return (
    <ul className="border-t border-line">
      {kinds.map(({ category, count, bytes, names }) => (
        <Choice
          key={category}
          label={t.storage.category[category]}
          text={t.storage.ofModels(
            t.storage.items[category](count),
            names
              .slice(0, SHOWN_NAMES)
              .map((name) => splitOwner(name).short)
              .join(', '),
            Math.max(0, names.length - SHOWN_NAMES),
          )}
          size={format.disk(bytes)}
          checked={!kept.includes(category)}
          onChange={() => storage.toggleCategory(category)}
        />
      ))}
    </ul>
  )
}

function Decisions({ models }: { models: readonly Taken[] }) {
  const { t, format, storage } = useWindow()
  const chosen = useStorage((state) => state.chosen)
  const now = useNow()
  if (models.length === 0) return null
  return (
    <section className="border-t border-line">
      <div className="px-4 pt-3.5 pb-1.5">
        <h3 className="text-12 font-semibold">{t.storage.decisionTitle}</h3>
        <p className="mt-0.5 text-12 text-ink-2">{t.storage.decisionText}</p>
      </div>
      <ul>
        {models.slice(0, SHOWN_DECISIONS).map(({ key, usage, usedAt, summary }) => (
          <Choice
            key={key}
            label={splitOwner(usage.name).short}
            text={
              usedAt === null
                ? t.storage.since(format.ago(summary?.last_modified ?? '', now))
                : t.storage.lastUsed(format.ago(usedAt, now))
            }
            size={format.disk(usage.removable_bytes)}
            checked={chosen.includes(key)}
            onChange={() => storage.toggleModel(key)}
          />
        ))}
      </ul>
    </section>
  )
}

function LeftOut({ plan }: { plan: PrunePlan }) {
  const { t } = useWindow()
  if (plan.left_out.length === 0) return null
  return (
    <section className="grid gap-1.5 border-t border-line px-4 py-3 text-12">
      <h3 className="font-semibold">{t.storage.leftOut}</h3>
      <ul className="grid gap-1.5">
        {plan.left_out.map(({ path, name, reason }) => (
          <li key={path}>
            <div dir="auto" className="truncate" title={path}>
              {name ?? path}
            </div>
            <div dir="auto" className="text-ink-2 [overflow-wrap:anywhere]">
              {reason}
            </div>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** What only costs space, kind by kind, and good models that nobody uses. Nothing goes before the sheet has shown it. */
export function WhatCanGo({ plan, taken }: { plan: PrunePlan; taken: readonly Taken[] }) {
  const { t, format, removal } = useWindow()
  const kept = useStorage((state) => state.kept)
  const chosen = useStorage((state) => state.chosen)
  const kinds = toCanGo(plan)
  const decisions = undecided(taken)
  const going = kinds.filter(({ category }) => !kept.includes(category))
  const models = decisions.filter(({ key }) => chosen.includes(key))
  const bytes = going.reduce((sum, kind) => sum + kind.bytes, 0) + models.reduce((sum, { usage }) => sum + usage.removable_bytes, 0)
  const review = (): void =>
    void removal.ask({
      targets: models.map(({ usage }) => ({ name: usage.name, root: usage.root, revision: null })),
      prune: going.length === 0 ? null : going.map(({ category }) => category),
    })
  return (
    <>
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="px-4 pt-3.5 pb-2.5">
          <h2 className="text-15 font-semibold tracking-[-0.01em]">
            {kinds.length === 0 ? t.storage.nothingTitle : t.storage.canGoTitle}
          </h2>
          <p className="mt-0.5 text-12 text-ink-2">{kinds.length === 0 ? t.storage.nothingText : t.storage.canGoText}</p>
        </div>
        {kinds.length === 0 ? null : <Categories kinds={kinds} />}
        <Decisions models={decisions} />
        <LeftOut plan={plan} />
      </div>
      {kinds.length === 0 && decisions.length === 0 ? null : (
        <div className="grid flex-none gap-2.5 border-t border-line px-4 py-3">
          <div className="flex">
            <span className="flex-1 text-ink-2">{t.storage.selected}</span>
            <span className="num font-semibold">{format.disk(bytes)}</span>
          </div>
          <Button
            kind="primary"
            size="l"
            off={going.length + models.length === 0 ? t.storage.nothingSelected : false}
            onClick={review}
          >
            {t.storage.review}
          </Button>
        </div>
      )}
    </>
  )
}
