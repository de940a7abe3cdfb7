import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { toProfile, type ModelProfile } from './profile'

const mebibyte = 1024 * 1024
/** tokenizer.json may have tens of megabytes; its added tokens stand before the vocabulary. */
const headBytes = 2 * mebibyte
const remembered = 64

/** Reads what a snapshot's files say, once per snapshot: its files never change. A file that cannot be read says nothing. */
export function createProfileReader(): (snapshotPath: string) => Promise<ModelProfile> {
  const profiles = new Map<string, Promise<ModelProfile>>()
  return (snapshotPath) => {
    const known = profiles.get(snapshotPath) ?? readProfile(snapshotPath)
    profiles.delete(snapshotPath)
    profiles.set(snapshotPath, known)
    const oldest = profiles.keys().next()
    if (profiles.size > remembered && oldest.done !== true) profiles.delete(oldest.value)
    return known
  }
}

async function readProfile(folder: string): Promise<ModelProfile> {
  const read = (name: string): Promise<unknown> => readJson(join(folder, name))
  const [config, generationConfig, tokenizerConfig, head, jinja, jsonTemplate] = await Promise.all([
    read('config.json'),
    read('generation_config.json'),
    read('tokenizer_config.json'),
    readHead(join(folder, 'tokenizer.json'), headBytes),
    exists(join(folder, 'chat_template.jinja')),
    exists(join(folder, 'chat_template.json')),
  ])
  const addedTokens = head === null ? null : findList(head, 'added_tokens')
  return toProfile({ config, generationConfig, tokenizerConfig, addedTokens, hasTemplateFile: jinja || jsonTemplate })
}

async function readJson(path: string): Promise<unknown> {
  const text = await readHead(path, 8 * mebibyte)
  try {
    return text === null ? null : (JSON.parse(text) as unknown)
  } catch {
    return null
  }
}

async function readHead(path: string, maxBytes: number): Promise<string | null> {
  try {
    const file = await open(path)
    try {
      const { size } = await file.stat()
      const buffer = Buffer.alloc(Math.min(size, maxBytes))
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
      return buffer.toString('utf8', 0, bytesRead)
    } finally {
      await file.close()
    }
  } catch {
    return null
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** The list under a key of JSON whose end may be missing; null when it is not there as a whole. */
export function findList(json: string, key: string): unknown {
  const place = new RegExp(`"${key}"\\s*:\\s*\\[`).exec(json)
  if (place === null) return null
  const start = place.index + place[0].length - 1
  let depth = 0
  let inText = false
  for (let at = start; at < json.length; at += 1) {
    const character = json[at]
    if (inText) {
      if (character === '\\') at += 1
      else if (character === '"') inText = false
    } else if (character === '"') inText = true
    else if (character === '[' || character === '{') depth += 1
    else if (character === ']' || character === '}') depth -= 1
    if (depth === 0) return parseOrNull(json.slice(start, at + 1))
  }
  return null
}

function parseOrNull(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return null
  }
}
