import { useDownloads, useWindow } from '../../app/context'
import { useSize } from '../../lib/use-size'
import { plotPoints, roundTop, totalsOf } from './model'

const HEIGHT = 56

/** What comes in now, and over the last minute. */
export function SpeedPlot() {
  const { t, format } = useWindow()
  const downloads = useDownloads((state) => state.downloads)
  const samples = useDownloads((state) => state.samples)
  const highest = useDownloads((state) => state.highest)
  const { ref, size } = useSize<HTMLDivElement>()
  const { width } = size
  const { bytesPerSecond, connections } = totalsOf(downloads ?? [])
  const [figure = '', unit = ''] = format.speed(bytesPerSecond).split(' ')
  const top = roundTop(samples)
  const points = plotPoints(samples, top, width, HEIGHT)
  const line = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')
  const [first] = points
  const last = points.at(-1)
  return (
    <section aria-label={t.downloads.speed} className="flex flex-none items-stretch gap-6 border-b border-line px-4 py-3">
      <div className="flex w-40 flex-none flex-col">
        <div className="num flex items-baseline gap-1.5">
          <span className="text-26 font-semibold tracking-[-0.01em]">{figure}</span>
          <span className="text-ink-2">{unit}</span>
        </div>
        <div className="num text-12 text-ink-2">{t.downloads.connections(connections, 0)}</div>
        <div className="num mt-auto text-12 text-ink-2">{t.downloads.highest(format.speed(highest))}</div>
      </div>
      <div className="min-w-0 flex-1">
        <div ref={ref} className="relative h-14 border-b border-line">
          <span className="num absolute start-0 -top-0.5 text-11 text-ink-3">{top === 0 ? '' : format.speed(top)}</span>
          <svg
            role="img"
            aria-label={t.downloads.plot(format.speed(bytesPerSecond), format.speed(highest))}
            width={width}
            height={HEIGHT}
            className="absolute inset-0 block overflow-visible"
          >
            <line x1="0" x2={width} y1={HEIGHT / 2} y2={HEIGHT / 2} className="stroke-line" />
            {first === undefined || last === undefined ? null : (
              <>
                <polygon points={`${first[0]},${HEIGHT} ${line} ${last[0]},${HEIGHT}`} className="fill-accent-soft" />
                <polyline points={line} fill="none" strokeWidth="1.5" strokeLinejoin="round" className="stroke-data-1" />
              </>
            )}
          </svg>
        </div>
        <div aria-hidden="true" className="flex justify-between pt-1 text-11 text-ink-3">
          <span>{t.downloads.minuteAgo}</span>
          <span>{t.downloads.nowMark}</span>
        </div>
      </div>
    </section>
  )
}
