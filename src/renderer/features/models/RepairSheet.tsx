import type { RefObject } from 'react'
import type { RepairPlan } from '../../../shared/contract'
import { useCare, useModels, useWindow } from '../../app/context'
import { FailureNote } from '../../app/FailureNote'
import { Button } from '../../components/ui/Button'
import { Ring } from '../../components/ui/Ring'
import { Sheet } from '../../components/ui/Sheet'
import { Lines } from '../removal/PlanLists'
import { splitOwner } from './model'

/** A step's reason is the code of a finding: what that finding says, or nothing. */
function useReason(name: string): (reason: string, file: string | null) => string | null {
  const { t } = useWindow()
  const findings = useModels((state) => state.list?.models.find((model) => model.name === name)?.findings ?? [])
  return (reason, file) => {
    const same = findings.filter(({ code }) => code === reason)
    const found = same.find((finding) => finding.file !== null && finding.file === file) ?? same[0]
    if (found !== undefined) return t.models.finding(found)
    return reason.includes(' ') ? reason : null
  }
}

function Plan({ plan }: { plan: RepairPlan }) {
  const { t, format } = useWindow()
  const explain = useReason(plan.name)
  const head = 'mb-1.5 text-12 font-semibold not-first:mt-4'
  return (
    <div className="grid">
      {plan.actions.length === 0 ? null : (
        <>
          <h3 className={head}>{t.care.repairNow}</h3>
          <Lines
            lines={plan.actions.map(({ kind, path, reason, size_bytes: bytes }) => ({
              key: `${kind} ${path}`,
              title: t.care.action[kind],
              mono: path,
              text: explain(reason, null),
              size: bytes === 0 ? '' : format.disk(bytes),
            }))}
          />
        </>
      )}
      {plan.fetch.length === 0 && !plan.needs_listing ? null : (
        <>
          <h3 className={head}>{t.care.repairFetch}</h3>
          <Lines
            lines={plan.fetch.map(({ path, reason, size_bytes: bytes }) => ({
              key: path,
              title: path,
              mono: null,
              text: explain(reason, path),
              size: bytes === null ? t.care.sizeUnknown : format.disk(bytes),
            }))}
          />
          {plan.needs_listing ? <p className="mt-2 text-12 text-ink-2">{t.care.repairListing}</p> : null}
        </>
      )}
      {plan.left.length === 0 ? null : (
        <>
          <h3 className={head}>{t.care.repairLeft}</h3>
          <Lines
            lines={plan.left.map(({ finding, reason }, index) => ({
              key: `${finding.code} ${finding.file ?? ''} ${index}`,
              title: t.models.finding(finding),
              mono: null,
              text: reason,
              size: '',
              warn: true,
            }))}
          />
        </>
      )}
    </div>
  )
}

/** Shows what a repair does before it is done. One for the whole window. */
export function RepairSheet() {
  const { t, format, care } = useWindow()
  const state = useCare((now) => now.repair)
  const plan = state.step === 'planned' ? state.plan : null
  const name = state.step === 'closed' ? '' : splitOwner(state.name).short
  const doable = plan !== null && plan.actions.length + plan.fetch.length + (plan.needs_listing ? 1 : 0) > 0
  const bytes = (plan?.fetch ?? []).reduce((sum, { size_bytes: size }) => sum + (size ?? 0), 0)
  const act = (): void => void care.repair()
  const body = () => {
    if (state.step === 'failed') return <FailureNote error={state.error} onRetry={() => void care.askRepair(state.name)} />
    if (state.step === 'planned')
      return (
        <>
          {state.error === null ? null : (
            <div className="mb-3">
              <FailureNote error={state.error} withAction={false} />
            </div>
          )}
          {doable || state.plan.left.length > 0 ? <Plan plan={state.plan} /> : <p className="text-ink-2">{t.care.repairNothing}</p>}
        </>
      )
    return (
      <div className="flex items-center gap-2 py-6 text-ink-2" role="status">
        <Ring /> {state.step === 'acting' ? t.care.repairing : t.care.repairPlanning}
      </div>
    )
  }
  const actions = (first: RefObject<HTMLButtonElement | null>) => (
    <>
      <Button ref={first} size="l" off={state.step === 'acting' ? t.care.repairing : false} onClick={care.closeRepair}>
        {doable ? t.common.cancel : t.removal.close}
      </Button>
      {doable ? (
        <Button kind="primary" size="l" onClick={act}>
          {bytes > 0 ? t.care.repairSize(format.disk(bytes)) : t.care.repairAct}
        </Button>
      ) : null}
    </>
  )
  return (
    <Sheet
      open={state.step !== 'closed'}
      onClose={care.closeRepair}
      title={t.care.repairTitle(name)}
      text={doable ? t.care.repairText : undefined}
      actions={actions}
    >
      {body()}
    </Sheet>
  )
}
