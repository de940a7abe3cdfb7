import type { StorageUsage } from '../../../shared/contract'
import { useWindow } from '../../app/context'
import { cx } from '../../lib/cx'
import { toBar, type BarPart } from './model'

const fills: Record<BarPart['name'], string> = { models: 'bg-data-1', canGo: 'hatched', other: 'bg-data-5 opacity-55' }

export function Swatch({ className }: { className: string }) {
  return <i aria-hidden="true" className={cx('size-[9px] flex-none rounded-[2px]', className)} />
}

/** How much there is, and what of the disk that is. */
export function UsageBar({ usage }: { usage: StorageUsage }) {
  const { t, format } = useWindow()
  const { parts, free, volume } = toBar(usage)
  const canGo = usage.total.reclaimable_bytes
  const sentence = parts.map(({ name, bytes }) => `${t.storage.part[name]} ${format.disk(bytes)}`).join(', ')
  return (
    <div className="grid gap-2.5">
      <p className="flex flex-wrap items-baseline gap-x-2">
        <strong className="num text-26 leading-8 font-semibold tracking-[-0.02em]">{format.disk(usage.total.size_bytes)}</strong>
        <span className="text-ink-2">{t.storage.inCache(canGo === 0 ? null : format.disk(canGo))}</span>
        <span className="flex-1" />
        {free === null ? null : (
          <span className="num text-12 text-ink-3">
            {t.storage.free(format.disk(free), volume === null ? null : format.disk(volume))}
          </span>
        )}
      </p>
      <div
        role="img"
        data-meter
        aria-label={t.storage.bar(sentence)}
        className="flex h-[22px] gap-px overflow-hidden rounded-2 bg-track"
      >
        {parts.map(({ name, share }) => (
          <i
            key={name}
            className={cx('h-full min-w-0.5 transition-[width] duration-(--k-slow) ease-linear', fills[name])}
            style={{ width: `${share * 100}%` }}
          />
        ))}
      </div>
      <ul className="num flex flex-wrap gap-x-4 gap-y-1 text-12 text-ink-2">
        {parts.map(({ name, bytes }) => (
          <li key={name} className="flex items-center gap-1.5 whitespace-nowrap">
            <Swatch className={fills[name]} />
            {t.storage.part[name]} <strong className="font-semibold text-ink">{format.disk(bytes)}</strong>
          </li>
        ))}
      </ul>
    </div>
  )
}
