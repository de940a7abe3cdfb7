import type { HubCard } from '../../../shared/contract'
import type { HubClient } from '../hub'
import { readPart } from './remote-facts'

/** Cards of a few kilobytes are usual; the longest are tables that nobody reads to their end. */
const MAX_CARD_BYTES = 256 * 1024

/** A card without the settings at its head: they are shown as facts. */
export function withoutHead(text: string): string {
  const plain = text.replace(/^\uFEFF/, '')
  if (!/^---[ \t]*\r?\n/.test(plain)) return plain
  const end = /\r?\n---[ \t]*(?:\r?\n|$)/.exec(plain)
  return end === null ? plain : plain.slice(end.index + end[0].length)
}

/** @throws AppError as the client of the Hub */
export async function readCard(
  hub: HubClient,
  { repo, commit }: { repo: string; commit: string },
  signal?: AbortSignal,
): Promise<HubCard> {
  const file = (await hub.tree(repo, commit, signal)).find(({ path }) => path === 'README.md')
  if (file === undefined) return { text: null, truncated: false }
  const bytes = await readPart(hub, { repo }, commit, file, MAX_CARD_BYTES, signal)
  const truncated = file.sizeBytes > MAX_CARD_BYTES
  // A letter may be cut in its middle at the end.
  const text = new TextDecoder('utf-8').decode(bytes, { stream: truncated })
  return { text: withoutHead(text), truncated }
}
