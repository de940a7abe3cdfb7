import type { RefObject } from 'react'
import type { RemovalPlan } from '../../../shared/contract'
import { useModels, useRemoval, useWindow } from '../../app/context'
import { FailureNote } from '../../app/FailureNote'
import { Button } from '../../components/ui/Button'
import { Meter } from '../../components/ui/Meter'
import { Ring } from '../../components/ui/Ring'
import { Sheet } from '../../components/ui/Sheet'
import { findLoaded, splitOwner } from '../models/model'
import { bytesOf, explain } from './plan'
import { Figures, KeptList, Lines, ListedPlans, type Line } from './PlanLists'
import type { RemovalRequest, RemovalState } from './store'

type Planned = Extract<RemovalState, { step: 'planned' }>

function useWords(request: RemovalRequest | null, plan: RemovalPlan | null): { title: string; text: string } {
  const { t } = useWindow()
  const { ask, text } = t.removal
  if (request === null) return { title: '', text: '' }
  const { targets, prune } = request
  const [only] = targets
  if (prune !== null)
    return targets.length === 0 ? { title: ask.prune, text: text.prune } : { title: ask.both(targets.length), text: text.models }
  if (targets.length !== 1 || only === undefined) return { title: ask.models(targets.length), text: text.models }
  const { short } = splitOwner(only.name)
  if (plan?.target === 'link') return { title: ask.link(short), text: text.link }
  if (only.revision !== null) return { title: ask.revision(only.revision.slice(0, 7), short), text: text.revision }
  return { title: ask.model(short), text: text.models }
}

/** A single model or revision: its revisions with their sizes, and sums that add up. */
function OnePlan({ plan, detail }: { plan: RemovalPlan; detail: Planned['detail'] }) {
  const { t, format } = useWindow()
  const isLoaded = useModels((state) => findLoaded(state.loaded, plan.name) !== null)
  const { rows, kept, together, once, stays, freed } = explain(plan, detail)
  const lines = rows.map(({ kind, hash, refs, files, bytes }): Line => ({
    key: hash ?? kind,
    title: kind === 'current' ? t.removal.current : kind === 'old' ? t.removal.old : t.removal[kind],
    mono: hash === null ? null : [...refs, hash.slice(0, 7)].join(', '),
    text: files === 0 ? null : t.removal.files(format.integer(files)),
    size: format.disk(bytes),
  }))
  return (
    <>
      {plan.obstacle === null ? null : (
        <p role="alert" dir="auto" className="mb-3 rounded-3 bg-warn-soft px-3 py-2 text-12">
          {t.removal.obstacle(plan.obstacle)}
        </p>
      )}
      {isLoaded ? <p className="mb-3 text-12 text-warn-ink">{t.removal.loaded}</p> : null}
      <Lines lines={lines} />
      <KeptList kept={kept} />
      <Figures
        figures={[
          ...(rows.length > 1 || once > 0 || stays > 0 ? [{ name: t.removal.sum(rows.length), value: format.disk(together) }] : []),
          ...(once > 0 ? [{ name: t.removal.once, value: `− ${format.disk(once)}` }] : []),
          ...(stays > 0 ? [{ name: t.removal.staysSum, value: `− ${format.disk(stays)}` }] : []),
        ]}
        total={{ name: t.removal.freed, value: format.disk(freed) }}
      />
    </>
  )
}

function PlannedBody({ state }: { state: Planned }) {
  const { planned, prune, detail, error, request } = state
  const [only] = planned
  const single = request.prune === null && planned.length === 1 && only !== undefined ? only : null
  return (
    <div className="grid">
      {error === null ? null : (
        <div className="mb-3">
          <FailureNote error={error} withAction={false} />
        </div>
      )}
      {single === null ? <ListedPlans planned={planned} prune={prune} /> : null}
      {single?.error == null ? null : <FailureNote error={single.error} withAction={false} />}
      {single?.plan == null ? null : <OnePlan plan={single.plan} detail={detail} />}
    </div>
  )
}

function Acting({ state }: { state: Extract<RemovalState, { step: 'acting' }> }) {
  const { t, format } = useWindow()
  const label = state.total > 1 ? t.removal.actingOf(format.integer(state.done), format.integer(state.total)) : t.removal.acting
  return (
    <div className="grid gap-2" role="status">
      <div className="flex items-center gap-2">
        <Ring />
        <span>{label}</span>
        <span dir="auto" className="min-w-0 truncate text-ink-3">
          {state.name}
        </span>
        <span className="num ms-auto flex-none text-12 text-ink-2">{t.removal.soFar(format.disk(state.freed))}</span>
      </div>
      <Meter value={state.total > 1 ? state.done / state.total : null} label={label} />
    </div>
  )
}

function Ended({ state }: { state: Extract<RemovalState, { step: 'ended' }> }) {
  return (
    <ul className="grid gap-2 rounded-3 bg-field px-3 py-2.5 text-12">
      {state.left.map(({ name, reason }) => (
        <li key={`${name} ${reason}`}>
          <div dir="auto" className="font-medium [overflow-wrap:anywhere]">
            {name}
          </div>
          <div dir="auto" className="text-ink-2 [overflow-wrap:anywhere]">
            {reason}
          </div>
        </li>
      ))}
    </ul>
  )
}

/** Shows what goes before it goes, then how far it is, then what stayed. One for the whole window. */
export function RemovalSheet() {
  const { t, format, removal } = useWindow()
  const state = useRemoval((now) => now)
  const request = state.step === 'closed' ? null : state.request
  const planned = state.step === 'planned' ? state : null
  const onlyPlan = planned?.planned.length === 1 ? (planned.planned[0]?.plan ?? null) : null
  const { title, text } = useWords(request, onlyPlan)
  const doable =
    planned !== null && (planned.prune !== null || planned.planned.some(({ plan }) => plan !== null && plan.obstacle === null))
  const force = planned?.error?.code === 'locks_present'
  const act = (): void => void removal.act({ force })
  const freed = planned === null ? 0 : bytesOf(planned.planned, planned.prune)

  const body = () => {
    if (state.step === 'planned') return <PlannedBody state={state} />
    if (state.step === 'acting') return <Acting state={state} />
    if (state.step === 'ended') return <Ended state={state} />
    if (state.step === 'failed') return <FailureNote error={state.error} onRetry={() => void removal.ask(state.request)} />
    return (
      <div className="flex items-center gap-2 py-6 text-ink-2" role="status">
        <Ring /> {t.removal.planning}
      </div>
    )
  }

  const actions = (first: RefObject<HTMLButtonElement | null>) => {
    if (state.step === 'acting')
      return (
        <Button ref={first} size="l" busy={state.stopping} onClick={removal.stop}>
          {state.stopping ? t.removal.stopping : t.removal.stop}
        </Button>
      )
    return (
      <>
        <Button ref={first} size="l" onClick={removal.close}>
          {doable ? t.common.cancel : t.removal.close}
        </Button>
        {doable ? (
          <Button kind="danger" size="l" onClick={act}>
            {force ? t.removal.force : freed === 0 ? t.removal.actNothing : t.removal.act(format.disk(freed))}
          </Button>
        ) : null}
      </>
    )
  }

  return (
    <Sheet
      open={state.step !== 'closed'}
      onClose={removal.close}
      title={state.step === 'ended' ? t.removal.incompleteTitle : title}
      text={state.step === 'ended' ? t.removal.incomplete(format.disk(state.freed)) : state.step === 'acting' ? undefined : text}
      actions={actions}
      onAct={doable ? act : undefined}
    >
      {body()}
    </Sheet>
  )
}
