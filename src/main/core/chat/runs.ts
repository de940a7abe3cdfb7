import type { ChatEvent, ChatSummary } from '../../../shared/contract'
import { AppError, isCancellation, toSerializedError } from '../../../shared/errors'
import type { GenerationRequest, Generator } from '../generation/types'
import { createEmitter, follow } from '../system'
import { applyEvent, endEarly, endedWhileWriting, type Draft } from './answer'
import type { History } from './history'
import type { StoredMessage } from './rows'

/** The longest that something an answer said is not yet on the disk. */
const SAVE_MS = 1_000

/** A watcher hears of a growing answer at most so often: more is not read, and costs each window a core's share. */
const TELL_MS = 96

export interface RunsDeps {
  history: () => History
  generator: Generator
  now: () => number
  /** Told about failures that no rule foresaw; the answer shows `internal`. */
  onUnforeseen: (error: unknown) => void
  /** An answer has begun or ended. */
  onChange: () => void
}

interface Run {
  chat: string
  question: StoredMessage | null
  draft: Draft
  ended: boolean
  /** What the disk refused: the answer is whole in memory, and the watchers must know that it is not stored. */
  unsaved: unknown
  controller: AbortController
  changes: ReturnType<typeof createEmitter<undefined>>
  done: Promise<void>
}

/** The answers that are being written, one per conversation at most. They belong to the owner and outlive whoever asked. */
export interface Runs {
  isRunning: (chat: string) => boolean
  start: (chat: string, question: StoredMessage | null, answer: StoredMessage, request: GenerationRequest) => void
  /** What has come, then what comes. Ends at once when nothing runs. @throws AppError disk_full and such, when the answer could not be stored */
  watch: (chat: string, signal: AbortSignal, summary: () => ChatSummary) => AsyncGenerator<ChatEvent>
  /** Resolves when what came is stored. */
  stop: (chat: string) => Promise<void>
  /** Ends of answers that could not be stored are given up. */
  forget: () => void
  close: () => Promise<void>
}

const hasWords = ({ message }: Draft): boolean => message.content !== '' || message.reasoning !== null

/** Waits before a watcher is told more. The first word and the end are told at once. */
function rest(run: Run, told: Draft, signal: AbortSignal): Promise<void> {
  const isUrgent = (): boolean => signal.aborted || run.ended || (hasWords(run.draft) && !hasWords(told))
  if (isUrgent()) return Promise.resolve()
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      unsubscribe()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, TELL_MS)
    const unsubscribe = run.changes.subscribe(() => {
      if (isUrgent()) end()
    })
    signal.addEventListener('abort', end, { once: true })
  })
}

export function createRuns({ history, generator, now, onUnforeseen, onChange }: RunsDeps): Runs {
  const runs = new Map<string, Run>()

  /** Ends of answers that the disk refused, by their id: tried again with everything that is stored later, and at the end. */
  const refused = new Map<string, { chat: string; message: StoredMessage }>()
  const storeRefused = (): void => {
    for (const [id, { chat, message }] of refused) {
      history().save(chat, message, true)
      refused.delete(id)
    }
  }
  const save = (run: Run, isEnd: boolean): void => {
    const { message } = run.draft
    try {
      storeRefused()
      history().save(run.chat, message, isEnd)
      run.unsaved = null
    } catch (error) {
      // The answer goes on: a disk that is full now may have room when it ends.
      run.unsaved = error
      if (isEnd) refused.set(message.id, { chat: run.chat, message })
    }
  }

  const write = async (run: Run, request: GenerationRequest): Promise<void> => {
    const { signal } = run.controller
    let timer: NodeJS.Timeout | null = null
    const saveSoon = (): void => {
      timer ??= setTimeout(() => {
        timer = null
        save(run, false)
      }, SAVE_MS)
    }
    const endWith = (error: unknown): void => {
      const stopped = signal.aborted || isCancellation(error)
      if (!stopped && !(error instanceof AppError)) onUnforeseen(error)
      // A person who stops it needs no reason; whoever quits the program does.
      const reason: unknown = stopped ? signal.reason : error
      const message = endEarly(run.draft, stopped && !(reason instanceof AppError) ? null : toSerializedError(reason), now())
      run.draft = { message, waiting: null, thinkingSince: null }
    }
    try {
      for await (const event of generator.generate(request, signal)) {
        run.draft = applyEvent(run.draft, event, now())
        if (event.type === 'text' || event.type === 'reasoning') saveSoon()
        run.changes.emit(undefined)
      }
      // A stream that ends without `finish` lost its end.
      if (run.draft.message.state === 'streaming')
        endWith(new AppError('engine_crashed', 'The answer ended before it was complete.'))
    } catch (error) {
      endWith(error)
    }
    if (timer !== null) clearTimeout(timer)
    save(run, true)
    run.ended = true
    runs.delete(run.chat)
    run.changes.emit(undefined)
    onChange()
  }

  async function* tell(run: Run, signal: AbortSignal, summary: () => ChatSummary): AsyncGenerator<ChatEvent> {
    const versioned = (message: StoredMessage) => history().withVersions(run.chat, message)
    let told = run.draft.message
    yield {
      type: 'begun',
      chat: summary(),
      question: run.question === null ? null : versioned(run.question),
      answer: versioned(told),
    }
    for await (const { draft, ended } of follow(() => ({ draft: run.draft, ended: run.ended }), run.changes.subscribe, signal)) {
      const { message, waiting, thinkingSince } = draft
      yield {
        type: 'progress',
        waiting,
        thinking: thinkingSince !== null,
        reasoning_ms: message.reasoning_ms,
        content: message.content.slice(told.content.length),
        reasoning: (message.reasoning ?? '').slice((told.reasoning ?? '').length),
      }
      told = message
      if (!ended) {
        await rest(run, draft, signal)
        continue
      }
      if (run.unsaved !== null) throw run.unsaved
      yield { type: 'end', chat: summary(), answer: versioned(message) }
      return
    }
  }

  const stop = async (chat: string, reason?: AppError): Promise<void> => {
    const run = runs.get(chat)
    run?.controller.abort(reason)
    await run?.done
  }

  return {
    isRunning: (chat) => runs.has(chat),
    start: (chat, question, answer, request) => {
      const run: Run = {
        chat,
        question,
        draft: { message: answer, waiting: { state: 'sent', progress: null }, thinkingSince: null },
        ended: false,
        unsaved: null,
        controller: new AbortController(),
        changes: createEmitter<undefined>(),
        done: Promise.resolve(),
      }
      runs.set(chat, run)
      run.done = write(run, request)
      onChange()
    },
    watch: async function* (chat, signal, summary) {
      const run = runs.get(chat)
      if (run !== undefined) yield* tell(run, signal, summary)
    },
    stop: (chat) => stop(chat),
    forget: () => refused.clear(),
    close: async () => {
      await Promise.all([...runs.keys()].map((chat) => stop(chat, endedWhileWriting())))
      try {
        storeRefused()
      } catch {
        // Still no room. What came before is there, and will be marked as interrupted.
      }
    },
  }
}
