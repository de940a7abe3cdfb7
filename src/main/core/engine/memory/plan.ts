import type { EngineLimits } from '../process/command'

/** What of a model decides its memory. Bytes, tokens, elements. */
export interface ModelNeeds {
  weightsBytes: number
  /** Null when its configuration does not say enough. */
  kvBytesPerToken: number | null
  kvFixedBytes: number
  contextLength: number
  hiddenSize: number
}

export interface PlanPolicy {
  /** Tokens; null = the model's own. */
  contextLimit: number | null
  /** Answers together at most, null = 32. */
  concurrency: number | null
  safe: boolean
  /** How often it ran out of memory lately: each time halves what may grow. */
  strain: number
}

/** What a model takes whatever it does, and what each conversation adds. The same for the same machine and settings, always. */
export interface MemoryPlan {
  /** Tokens that a conversation may have: fewer than the model's own when one conversation would not fit otherwise. */
  contextLength: number
  /** One conversation of that length. */
  conversationBytes: number
  /** Activations of one prompt that is being read. */
  scratchBytes: number
  /** Memory that mlx may keep after it was freed. */
  freedBytes: number
  /** Weights, scratch, freed memory and the process itself. */
  baseBytes: number
  /** What it takes at the least: one conversation and the smallest prompt cache. */
  minBytes: number
  /** What of it is taken for certain as soon as the model is loaded. */
  nowBytes: number
}

/** How much of the room a model was given. */
export interface MemoryShare {
  limits: EngineLimits
  /** Everything but the conversations. */
  fixedBytes: number
}

const mebibyte = 1024 * 1024
const gibibyte = 1024 * mebibyte
/** Python, its libraries and Metal's own tables (mlx-lm.md §6.3). */
const processBytes = Math.round(0.7 * gibibyte)
/** mlx_lm reads a prompt in steps of so many tokens. */
const prefillStep = 2048
/** Rule of thumb: bytes of activations for each token of a step and each element of the hidden state (mlx-lm.md §6.3). */
const activationBytes = 40
/** Keys and values grow in steps of so many tokens. */
export const kvStep = 256
/** A context smaller than this is of no use; a model that can do less anyway may. */
const smallestContext = 2048
export const smallestCache = 256 * mebibyte
const largestCache = 8 * gibibyte
const maxWidth = 32
const safeWidth = 4
export const cacheEntries = 10

/** Bytes of one conversation of so many tokens. */
function conversation(needs: ModelNeeds, tokens: number): number {
  return needs.kvFixedBytes + Math.ceil(tokens / kvStep) * kvStep * perToken(needs)
}

/** Where the configuration is silent: what models of that size have, by the ratio of an 8B model of 4 bits. */
export function perToken(needs: ModelNeeds): number {
  return needs.kvBytesPerToken ?? Math.max(1024, Math.ceil(needs.weightsBytes / 36_000))
}

/** No more than all its entries could hold. */
function smallCache(conversationBytes: number): number {
  return Math.min(smallestCache, cacheEntries * conversationBytes)
}

/**
 * What a model takes of a machine whose engines may use `limit` bytes together. `fits: false` when not even a short conversation fits beside
 * the weights; `needBytes` is then what it would take.
 */
export function planMemory(
  needs: ModelNeeds,
  limit: number,
  policy: PlanPolicy,
): { fits: true; plan: MemoryPlan } | { fits: false; needBytes: number } {
  const scratchBytes = prefillStep * needs.hiddenSize * activationBytes
  const freedBytes = Math.max(128 * mebibyte, scratchBytes)
  const baseBytes = needs.weightsBytes + scratchBytes + freedBytes + processBytes
  const wanted = Math.min(needs.contextLength, policy.contextLimit ?? Number.POSITIVE_INFINITY)
  const complete = (tokens: number): number => baseBytes + conversation(needs, tokens) + smallCache(conversation(needs, tokens))
  let contextLength = wanted
  if (complete(wanted) > limit) {
    // The prompt cache is at most the smallest one here: what needs so much could fill it.
    const left = limit - baseBytes - smallestCache - needs.kvFixedBytes
    contextLength = Math.min(wanted, Math.floor(Math.max(0, left) / Math.max(1, perToken(needs)) / kvStep) * kvStep)
    const least = Math.min(wanted, smallestContext)
    if (contextLength < least && complete(least) > limit) return { fits: false, needBytes: complete(least) }
    contextLength = Math.max(contextLength, least)
  }
  const conversationBytes = conversation(needs, contextLength)
  return {
    fits: true,
    plan: {
      contextLength,
      conversationBytes,
      scratchBytes,
      freedBytes,
      baseBytes,
      minBytes: complete(contextLength),
      nowBytes: needs.weightsBytes + processBytes,
    },
  }
}

/**
 * Divides `room` (at least `plan.minBytes`) among prompt cache and conversations:
 * concurrency = clamp(floor((room − weights − scratch) / one conversation), 1, 32), never a constant. The cache gets a quarter of what the
 * weights leave, since mlx_lm's own has no bound (mlx-lm.md §6.3). That a hit copies a conversation is no extra: the copy is the
 * request's own.
 */
export function shareMemory(plan: MemoryPlan, room: number, policy: PlanPolicy): MemoryShare {
  const halvings = 2 ** policy.strain
  const left = Math.max(0, room - plan.baseBytes - plan.conversationBytes)
  const most = Math.min(largestCache / (policy.safe ? 4 : 1) / halvings, cacheEntries * plan.conversationBytes)
  const promptCacheBytes = Math.floor(Math.max(Math.min(most, left / 4), smallCache(plan.conversationBytes)))
  const cap = Math.max(
    1,
    Math.floor(Math.min(maxWidth, policy.concurrency ?? maxWidth, policy.safe ? safeWidth : maxWidth) / halvings),
  )
  const conversations = Math.floor((room - plan.baseBytes - promptCacheBytes) / Math.max(1, plan.conversationBytes))
  const decodeConcurrency = Math.min(cap, Math.max(1, conversations))
  // Prompts that are read together have their activations together; they may take a twentieth of the room.
  const spare = room - plan.baseBytes - promptCacheBytes - decodeConcurrency * plan.conversationBytes
  const prompts = 1 + Math.floor(Math.max(0, Math.min(spare, room / 20)) / plan.scratchBytes)
  const promptConcurrency = Math.min(8, decodeConcurrency, prompts)
  return {
    limits: {
      decodeConcurrency,
      promptConcurrency,
      promptCacheEntries: decodeConcurrency >= 8 ? cacheEntries : 4,
      promptCacheBytes,
    },
    fixedBytes: plan.baseBytes + promptCacheBytes + (promptConcurrency - 1) * plan.scratchBytes,
  }
}

/** Where Macs were seen to panic (mlx-lm issues 883 and 1666): little memory, or most of it taken by one model. */
export function isStrained(needs: ModelNeeds, limit: number, totalBytes: number): boolean {
  return totalBytes <= 32 * gibibyte || needs.weightsBytes + conversation(needs, needs.contextLength) > 0.6 * limit
}
