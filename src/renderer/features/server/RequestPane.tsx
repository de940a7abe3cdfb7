import { Activity } from 'lucide-react'
import type { ApiRequest } from '../../../shared/contract'
import { useWindow } from '../../app/context'
import { CopyButton } from '../../components/ui/CopyButton'
import { Notice } from '../../components/ui/Notice'
import { cx } from '../../lib/cx'
import { Facts, Section } from '../models/detail-parts'
import { TimingBar } from './RequestTable'
import { clientWord, failureWord, phaseColours, phaseNames, phasesOf, totalMs, type PhaseName } from './request-words'

/** One request: where its time went, and its facts. */
export function RequestPane({ request }: { request: ApiRequest | null }) {
  const { t, format } = useWindow()
  const words = t.serverView
  if (request === null)
    return (
      <Notice icon={<Activity size={28} strokeWidth={1.4} />} title={words.noneSelected}>
        {words.noneSelectedText}
      </Notice>
    )
  const phases = phasesOf(request)
  const fresh =
    request.prompt_tokens === null ? null : format.integer(Math.max(0, request.prompt_tokens - (request.cached_tokens ?? 0)))
  const partNames: Record<PhaseName, string> = {
    queue: words.phase.queue,
    load: words.phase.load,
    prefill: words.promptPart(fresh),
    decode: words.answerPart(format.integer(request.completion_tokens)),
  }
  const rate = request.decode_ms < 50 ? null : (request.completion_tokens * 1000) / request.decode_ms
  return (
    <div className="h-full overflow-y-auto">
      <header className="grid gap-0.5 px-4 pb-3">
        <h2 dir="auto" className="text-15 font-semibold tracking-[-0.01em] [overflow-wrap:anywhere]">
          {clientWord(request, t)}, {format.time(request.started_at)}
        </h2>
        <p className={cx('text-12', request.state === 'failed' ? 'text-bad-ink' : 'text-ink-2')}>
          {failureWord(request, t) ?? words.state[request.state]}
        </p>
      </header>
      <Section title={words.column.timing} aside={format.seconds(totalMs(request))}>
        <TimingBar request={request} fullMs={totalMs(request)} className="h-2.5 rounded-[3px]" />
        <dl className="num grid gap-1.5 text-12">
          {phaseNames.map((name) => (
            <div key={name} className="grid grid-cols-[9px_1fr_auto] items-center gap-2">
              <dt className="contents">
                <i aria-hidden="true" className={cx('size-[9px] rounded-[2px]', phaseColours[name])} />
                <span className="text-ink-2">{partNames[name]}</span>
              </dt>
              <dd>{format.seconds(phases[name])}</dd>
            </div>
          ))}
        </dl>
      </Section>
      <Section title={words.tab.request}>
        <Facts
          facts={[
            {
              name: words.endpoint,
              value: request.route === 'chat' ? words.fromChat : request.route,
              mono: request.route !== 'chat',
            },
            { name: words.model, value: request.model, title: request.model ?? '' },
            {
              name: words.prompt,
              value:
                request.prompt_tokens === null
                  ? null
                  : words.promptFacts(
                      format.integer(request.prompt_tokens),
                      (request.cached_tokens ?? 0) > 0 ? format.integer(request.cached_tokens ?? 0) : null,
                    ),
            },
            { name: words.speed, value: rate === null ? null : words.perSecond(format.rate(rate)) },
            { name: words.streamed, value: request.stream ? words.yes : words.no },
            { name: words.status, value: request.status },
            {
              name: words.requestId,
              value: (
                <span className="flex items-center gap-1">
                  <span className="mono truncate">{request.id}</span>
                  <CopyButton text={request.id} label={words.copyId} copiedLabel={t.common.copied} className="-my-1" />
                </span>
              ),
            },
          ]}
        />
        <p className="text-12 text-ink-3">{words.notRecorded}</p>
      </Section>
    </div>
  )
}
