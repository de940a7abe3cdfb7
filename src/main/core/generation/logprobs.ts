import type { TokenLogprob } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import type { EngineChoice, EngineToken, EngineTokenAlternative } from '../engine/types'

/** Gives each delivered text the tokens that end in it: text may be held back, cut at a stop, or freed of control sequences. */
export interface TokenAligner {
  /** The tokens of a chunk. Those of a thought are of no answer. @throws AppError unsupported_parameter when the engine tells none */
  take: (choice: EngineChoice) => void
  /** The tokens that are complete with this text. */
  deliver: (text: string) => TokenLogprob[]
}

export function createTokenAligner(): TokenAligner {
  const waiting: EngineToken[] = []
  let credit = 0
  return {
    take: ({ logprobs, delta, text }) => {
      const content = delta?.content ?? text ?? ''
      if (logprobs === undefined && content !== '') {
        throw new AppError('unsupported_parameter', 'This engine does not tell the probabilities of streamed tokens.', {
          hint: 'Install the engine that belongs to this version: mlxk engine install.',
          data: { param: 'logprobs' },
        })
      }
      if (content !== '' || (delta?.reasoning ?? '') === '') waiting.push(...(logprobs?.content ?? []))
    },
    deliver: (text) => {
      credit += text.length
      const done: TokenLogprob[] = []
      for (let next = waiting[0]; next !== undefined && next.text.length <= credit; next = waiting[0]) {
        credit -= next.text.length
        done.push(toTokenLogprob(next))
        waiting.shift()
      }
      return done
    },
  }
}

function toTokenLogprob(token: EngineToken): TokenLogprob {
  return { ...toAlternative(token), top_logprobs: token.top.map(toAlternative) }
}

function toAlternative({ bytes, logprob }: EngineTokenAlternative): { token: string; bytes: number[]; logprob: number } {
  return { token: Buffer.from(bytes).toString('utf8'), bytes, logprob }
}
