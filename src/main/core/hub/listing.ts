import { isRepoName } from './validate'
import type { HubListing } from './types'

const MAX_TEXTS = 500

/** The strings of a list, not too many of them. */
export function toTexts(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : typeof value === 'string' ? [value] : []
  return list.filter((entry): entry is string => typeof entry === 'string' && entry.length <= 200).slice(0, MAX_TEXTS)
}

export function toIsoTime(value: unknown): string | null {
  return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : null
}

function readCard(card: unknown, key: string): unknown {
  return typeof card === 'object' && card !== null ? (card as Record<string, unknown>)[key] : undefined
}

/** From the model card, lower case. */
export function readLicence(card: unknown): string | null {
  return toTexts(readCard(card, 'license'))[0]?.toLowerCase() ?? null
}

function toCount(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0
}

/** One entry of a listing; null for one whose name cannot be a repo's. */
export function toListing(entry: Record<string, unknown>): HubListing | null {
  const { name, sha, downloads, likes, gated, private: isPrivate, updatedAt, tags, task, cardData } = entry
  if (!isRepoName(name)) return null
  return {
    repo: name,
    commit: typeof sha === 'string' && /^[0-9a-f]{40}$/.test(sha) ? sha : null,
    downloads: toCount(downloads),
    likes: toCount(likes),
    gated: gated === 'auto' || gated === 'manual' ? gated : false,
    private: isPrivate === true,
    lastModified: toIsoTime(updatedAt),
    tags: toTexts(tags),
    task: typeof task === 'string' ? task : null,
    licence: readLicence(cardData),
    baseModels: toTexts(readCard(cardData, 'base_model')),
  }
}
