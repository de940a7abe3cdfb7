import { open } from 'node:fs/promises'
import { join } from 'node:path'

/** Where a chat template may lie; tokenizer_config.json may carry many added tokens before it. */
const places = ['chat_template.jinja', 'chat_template.json', 'tokenizer_config.json']
const MAX_BYTES = 8 * 1024 * 1024

async function readText(path: string): Promise<string> {
  const file = await open(path).catch(() => null)
  if (file === null) return ''
  try {
    const { size } = await file.stat()
    const buffer = Buffer.alloc(Math.min(size, MAX_BYTES))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
    return buffer.toString('utf8', 0, bytesRead)
  } catch {
    return ''
  } finally {
    await file.close()
  }
}

/** Whether the chat template of a snapshot asks for `enable_thinking`. A file that cannot be read asks for nothing. */
export async function knowsThinkingSwitch(snapshotPath: string): Promise<boolean> {
  const texts = await Promise.all(places.map((name) => readText(join(snapshotPath, name))))
  return texts.some((text) => /\benable_thinking\b/.test(text))
}
