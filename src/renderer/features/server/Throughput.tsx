import { useActivity, useWindow } from '../../app/context'

const WIDTH = 640
const HEIGHT = 80

/** The upper end of the axis: round, and never so low that noise looks like work. */
export function axisTop(highest: number): number {
  const steps = [10, 20, 40, 60, 80, 100, 120, 160, 200]
  const fitting = steps.find((step) => highest <= step)
  return fitting ?? Math.ceil(highest / 100) * 100
}

/** The samples as a line from the left edge to the right, in the plot's own units. */
export function plotLine(samples: readonly number[], top: number): string {
  const step = samples.length > 1 ? WIDTH / (samples.length - 1) : 0
  return samples
    .map((value, index) => `${index === 0 ? 'M' : 'L'}${(index * step).toFixed(1)} ${(HEIGHT - (value / top) * HEIGHT).toFixed(1)}`)
    .join('')
}

/** Ten minutes of tokens per second. */
export function Throughput() {
  const { t, format } = useWindow()
  const throughput = useActivity((state) => state.throughput)
  const samples = throughput?.samples ?? []
  const now = throughput?.now ?? 0
  const highest = Math.max(0, ...samples)
  const top = axisTop(highest)
  const line = plotLine(samples, top)
  return (
    <section aria-label={t.serverView.throughput} className="min-w-0">
      <h2 className="flex items-baseline gap-2 text-12 font-semibold">
        {t.serverView.throughput}
        <span className="num ms-auto font-normal text-ink-3">{t.serverView.now(format.rate(now))}</span>
      </h2>
      <div
        role="img"
        aria-label={t.serverView.plot(format.rate(now), format.rate(highest))}
        className="relative mt-2 h-[98px] text-11 text-ink-3"
      >
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          aria-hidden="true"
          className="block h-[82px] w-full overflow-visible"
        >
          <path d="M0 .5H640M0 40H640M0 79.5H640" stroke="var(--k-line)" fill="none" vectorEffect="non-scaling-stroke" />
          {samples.length === 0 ? null : (
            <>
              <path d={`${line}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z`} fill="var(--k-accent-soft)" />
              <path
                d={line}
                fill="none"
                stroke="var(--k-data-1)"
                strokeWidth="1.5"
                strokeLinejoin="round"
                vectorEffect="non-scaling-stroke"
              />
            </>
          )}
        </svg>
        <span className="num absolute start-0 -top-1.5 bg-window pe-1">{format.integer(top)}</span>
        <span className="num absolute start-0 top-[34px] bg-window pe-1">{format.integer(top / 2)}</span>
        <div className="num mt-[3px] flex justify-between">
          <span>{t.serverView.minutesAgo(10)}</span>
          <span>{t.serverView.minutesAgo(5)}</span>
          <span>{t.serverView.axisNow}</span>
        </div>
      </div>
    </section>
  )
}
