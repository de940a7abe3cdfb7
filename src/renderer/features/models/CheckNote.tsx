import { CircleCheck, OctagonAlert, X } from 'lucide-react'
import { useCare, useWindow } from '../../app/context'
import { FailureNote } from '../../app/FailureNote'
import { IconButton } from '../../components/ui/Button'
import { Meter } from '../../components/ui/Meter'
import { cx } from '../../lib/cx'

/** How far a verification is, then what it found. */
export function CheckNote({ name }: { name: string }) {
  const { t, format, care } = useWindow()
  const check = useCare((state) => state.checks[name])
  if (check === undefined) return null
  const dismiss = (
    <IconButton label={t.care.dismissResult} size="s" className="-my-1" onClick={() => care.forget(name)}>
      <X size={14} aria-hidden="true" />
    </IconButton>
  )
  if (check.state === 'failed')
    return (
      <div className="px-4 pb-3">
        <FailureNote error={check.error} onRetry={() => void care.verify([name])} />
      </div>
    )
  if (check.state === 'done') {
    const { files } = check.result
    const good = files.damaged === 0
    return (
      <div
        role="status"
        className={cx('mx-4 mb-3 flex items-start gap-2 rounded-3 px-3 py-2.5 text-12', good ? 'bg-ok-soft' : 'bg-bad-soft')}
      >
        {good ? (
          <CircleCheck size={14} aria-hidden="true" className="mt-px flex-none text-ok-ink" />
        ) : (
          <OctagonAlert size={14} aria-hidden="true" className="mt-px flex-none text-bad-ink" />
        )}
        <div className="num grid flex-1 gap-0.5">
          <strong className="font-semibold">{good ? t.care.verified : t.care.damaged(files.damaged)}</strong>
          <span>{t.care.verifiedText(files.verified, files.remembered)}</span>
          {files.unverifiable === 0 ? null : <span className="text-ink-2">{t.care.unverifiable(files.unverifiable)}</span>}
        </div>
        {dismiss}
      </div>
    )
  }
  const progress = check.state === 'running' ? check.progress : null
  const share = progress === null || progress.bytes_total === 0 ? null : progress.bytes_done / progress.bytes_total
  const label = check.state === 'waiting' ? t.care.verifyWaits : t.care.verifying(share === null ? null : format.percent(share))
  return (
    <div className="mx-4 mb-3 grid gap-1.5 rounded-3 bg-field px-3 py-2.5 text-12">
      <div className="num flex items-center gap-2">
        <span className="flex-1">{label}</span>
        <span className="text-ink-3">
          {progress === null ? null : t.care.verifyProgress(format.disk(progress.bytes_done), format.disk(progress.bytes_total))}
        </span>
        <IconButton label={t.care.cancelVerify} size="s" className="-my-1" onClick={() => care.cancelVerify(name)}>
          <X size={14} aria-hidden="true" />
        </IconButton>
      </div>
      <Meter value={share} label={label} />
    </div>
  )
}
