import { Slider } from '@base-ui/react/slider'
import { Ban, CircleCheck, TriangleAlert } from 'lucide-react'
import { useEffect, useId, useState } from 'react'
import type { MemoryEstimate, ModelSummary } from '../../../shared/contract'
import { useCare, useModels, useWindow } from '../../app/context'
import { FailureNote } from '../../app/FailureNote'
import { Button } from '../../components/ui/Button'
import { cx } from '../../lib/cx'
import { Section } from './detail-parts'
import { clampTokens, firstTokens, needOf, range, ticks, toPosition, toTokens, type MemoryNeed } from './memory'
import { findLoaded } from './model'

/** Places of the slider: fine enough for every step of 256 tokens at its coarse end. */
const PLACES = 1000

const marks = {
  fits: <CircleCheck size={14} aria-hidden="true" className="text-ok-ink" />,
  tight: <TriangleAlert size={14} aria-hidden="true" className="text-warn-ink" />,
  too_large: <Ban size={14} aria-hidden="true" className="text-bad-ink" />,
}

function Parts({ need, limit }: { need: MemoryNeed; limit: number }) {
  const { t, format } = useWindow()
  const whole = Math.max(limit, need.total)
  const parts = [
    { name: t.care.weights, bytes: need.weights, fill: 'bg-data-1' },
    { name: t.care.conversation, bytes: need.context, fill: 'bg-data-2' },
    { name: t.care.engine, bytes: need.engine, fill: 'bg-data-5' },
  ]
  const [weights, context, engine] = [need.weights, need.context, need.engine].map(format.memory)
  return (
    <>
      <div
        role="img"
        data-meter
        aria-label={t.care.memoryBar(weights ?? '', context ?? '', engine ?? '', format.memory(limit))}
        className="relative flex h-2.5 gap-px overflow-hidden rounded-1 bg-track"
      >
        {parts.map(({ name, bytes, fill }) => (
          <i key={name} className={cx('h-full', fill)} style={{ width: `${(bytes / whole) * 100}%` }} />
        ))}
        {need.total > limit ? (
          <i
            className="absolute inset-y-0 end-0 border-s-2 border-bad bg-bad/25"
            style={{ width: `${(1 - limit / whole) * 100}%` }}
          />
        ) : null}
      </div>
      <ul className="num grid gap-1 text-12">
        {parts.map(({ name, bytes, fill }) => (
          <li key={name} className="flex items-center gap-2">
            <i aria-hidden="true" className={cx('size-[9px] flex-none rounded-[2px]', fill)} />
            <span className="flex-1 text-ink-2">{name}</span>
            {format.memory(bytes)}
          </li>
        ))}
      </ul>
    </>
  )
}

function Estimate({ estimate, inUse }: { estimate: MemoryEstimate; inUse: number | null }) {
  const { t, format } = useWindow()
  const id = useId()
  const ends = range(estimate)
  const [tokens, setTokens] = useState(() => firstTokens(estimate, inUse))
  const [typed, setTyped] = useState<string | null>(null)
  const need = needOf(estimate, tokens)
  const limit = estimate.limit_bytes
  const total = format.memory(need.total)
  const free = format.memory(Math.max(0, limit - need.total))
  const sentence =
    need.verdict === 'too_large'
      ? t.care.tooLarge(total, format.memory(limit))
      : need.verdict === 'tight'
        ? t.care.tight(total, free)
        : t.care.fits(total, free)
  const take = (): void => {
    if (typed !== null) setTokens(clampTokens(Number(typed.replaceAll(/\D/g, '')), ends))
    setTyped(null)
  }
  const isShort = ends.max <= ends.min
  const safe = estimate.context_safe
  return (
    <>
      <div className="flex items-center gap-2 text-12">
        <label htmlFor={id} className="flex-1 text-ink-2">
          {t.care.conversation}
        </label>
        <input
          id={id}
          inputMode="numeric"
          aria-label={t.care.contextField}
          value={typed ?? t.care.contextTokens(format.integer(tokens))}
          onChange={(event) => setTyped(event.target.value)}
          onFocus={(event) => event.target.select()}
          onBlur={take}
          onKeyDown={(event) => {
            if (event.key === 'Enter') take()
            else if (event.key === 'Escape' && typed !== null) {
              event.stopPropagation()
              setTyped(null)
            }
          }}
          className="num h-6 w-28 rounded-1 bg-transparent px-1 text-end font-medium outline-none focus:bg-window focus:shadow-[inset_0_0_0_2px_var(--k-ring)]"
        />
      </div>
      {isShort ? null : (
        <div>
          <Slider.Root
            min={0}
            max={PLACES}
            step={1}
            value={Math.round(toPosition(tokens, ends) * PLACES)}
            onValueChange={(value) => setTokens(toTokens(value / PLACES, ends))}
            largeStep={Math.round(PLACES / Math.max(1, Math.log2(ends.max / ends.min)))}
          >
            <Slider.Control className="flex h-6 w-full touch-none items-center select-none">
              <Slider.Track className="relative h-1 w-full rounded-full bg-track">
                <Slider.Indicator className="rounded-full bg-accent" />
                {safe > 0 && safe < ends.max ? (
                  <i
                    aria-hidden="true"
                    className="absolute -top-1.5 h-4 w-0.5 rounded-full bg-warn"
                    style={{ insetInlineStart: `${toPosition(safe, ends) * 100}%` }}
                  />
                ) : null}
                <Slider.Thumb
                  aria-label={t.care.conversation}
                  getAriaValueText={() => t.care.valueText(format.integer(tokens), total, t.care.verdict[need.verdict])}
                  className="size-4 rounded-full bg-raised shadow-[0_0_0_1px_var(--k-edge),var(--k-shadow-1)] has-focus-visible:outline-2 has-focus-visible:outline-offset-1 has-focus-visible:outline-ring"
                />
              </Slider.Track>
            </Slider.Control>
          </Slider.Root>
          <div aria-hidden="true" className="num relative h-4 text-11 text-ink-3">
            {ticks(ends).map((tick, index, all) => (
              <span
                key={tick}
                className={cx('absolute', index === 0 ? '' : index === all.length - 1 ? '-translate-x-full' : '-translate-x-1/2')}
                style={{ insetInlineStart: `${toPosition(tick, ends) * 100}%` }}
              >
                {format.tokens(tick)}
              </span>
            ))}
          </div>
        </div>
      )}
      <Parts need={need} limit={limit} />
      <p className="grid grid-cols-[14px_minmax(0,1fr)] gap-1.5 text-12" aria-live="polite">
        <span className="mt-px">{marks[need.verdict]}</span>
        <span>
          <strong className="font-semibold">{t.care.verdict[need.verdict]}</strong>{' '}
          <span className="num text-ink-2">{sentence}</span>
        </span>
      </p>
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1 text-12 text-ink-2">
        <span className="num">
          {safe === 0
            ? t.care.largestNone(format.integer(ends.max))
            : t.care.largest(format.integer(ends.max), format.integer(safe))}
        </span>
        {safe > 0 && safe !== tokens && !isShort ? (
          <Button size="s" kind="link" className="-my-1" onClick={() => setTokens(clampTokens(safe, ends))}>
            {t.care.useSafe}
          </Button>
        ) : null}
      </div>
      {estimate.exact ? null : <p className="text-12 text-ink-3">{t.care.notExact}</p>}
    </>
  )
}

/** What the model takes of this computer's memory, for any context; the largest that fits is marked. */
export function MemoryPane({ model }: { model: ModelSummary }) {
  const { t, format, care } = useWindow()
  const memory = useCare((state) => (state.memory?.name === model.name ? state.memory : null))
  const inUse = useModels((state) => findLoaded(state.loaded, model.name)?.context_length ?? null)
  useEffect(() => void care.estimate(model.name), [care, model.name])
  const estimate = memory?.estimate ?? null
  return (
    <Section
      title={t.care.memoryTitle}
      aside={estimate === null ? undefined : t.care.memoryLimit(format.memory(estimate.limit_bytes))}
    >
      {memory?.error == null ? null : <FailureNote error={memory.error} onRetry={() => void care.estimate(model.name)} />}
      {estimate === null ? (
        <div className="h-[168px]" />
      ) : (
        <Estimate key={`${model.name} ${inUse}`} estimate={estimate} inUse={inUse} />
      )}
    </Section>
  )
}
