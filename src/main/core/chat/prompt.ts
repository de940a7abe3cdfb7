import type { GenerationMessage } from '../generation/types'
import type { StoredMessage } from './rows'
import { fenced } from './transfer'

/** A question with its files before it. */
function contentOf({ content, attachments }: StoredMessage): string {
  return [...attachments.map(({ name, text }) => fenced(name, text)), content].filter((part) => part !== '').join('\n\n')
}

/**
 * What the model gets: answers of which nothing came are left out, and turns of one side that then stand together become one, since
 * chat templates expect the roles to alternate.
 */
export function toPrompt(systemPrompt: string, branch: readonly StoredMessage[]): GenerationMessage[] {
  const prompt: { role: 'system' | 'user' | 'assistant'; content: string }[] = []
  if (systemPrompt.trim() !== '') prompt.push({ role: 'system', content: systemPrompt })
  for (const message of branch) {
    const content = contentOf(message)
    if (content === '') continue
    const last = prompt.at(-1)
    if (last !== undefined && last.role === message.role) last.content = `${last.content}\n\n${content}`
    else prompt.push({ role: message.role, content })
  }
  return prompt
}

const TITLE_LENGTH = 60

/** The beginning of the first question, cut between words; null when it has no words. */
export function titleOf({ content, attachments }: StoredMessage): string | null {
  const line = (content.trim() === '' ? (attachments[0]?.name ?? '') : content).slice(0, 1_000).trim().replaceAll(/\s+/gu, ' ')
  if (line === '') return null
  const characters = Array.from(line)
  if (characters.length <= TITLE_LENGTH) return line
  const cut = characters.slice(0, TITLE_LENGTH).join('')
  const space = cut.lastIndexOf(' ')
  return `${space > TITLE_LENGTH / 2 ? cut.slice(0, space) : cut}…`
}
