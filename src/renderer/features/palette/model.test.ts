import { describe, expect, it } from 'vitest'
import type { ChatSummary } from '../../../shared/contract'
import { aChat } from '../../testing/chats'
import { aLoadedModel, aModel } from '../../testing/fixtures'
import { en } from '../../lib/messages/en'
import { match } from './fuzzy'
import { findEntries, MOST, type PaletteInput } from './model'

const coder = aModel('mlx-community/Qwen3-Coder-4bit')
const encoder = aModel('org/Encoder-8bit')
const sick = aModel('org/sick-coder', { health: 'unhealthy' })
const chats: ChatSummary[] = [aChat('c1', { title: 'Regex for semver tags' }), aChat('c2', { title: 'Dinner' })]
const command = (name: 'models' | 'storage' | 'copy_url') => ({
  act: { kind: 'command', command: name } as const,
  key: name,
  label: en.palette.command[name],
})
const find = (typed: string, more: Partial<PaletteInput> = {}) =>
  findEntries(
    {
      typed,
      models: [encoder, sick, coder],
      loaded: [],
      chats,
      hits: [],
      commands: [command('models'), command('storage'), command('copy_url')],
      ...more,
    },
    en.palette,
  )
const labels = (typed: string, more: Partial<PaletteInput> = {}) =>
  find(typed, more).flatMap(({ entries }) => entries.map(({ label }) => label))

describe('the palette', () => {
  it('offers commands and the last conversations before anything is typed', () => {
    expect(labels('')).toEqual(['Go to Models', 'Go to Storage', 'Copy base URL', 'Regex for semver tags', 'Dinner'])
  })

  it('finds models by parts of their name, the begin of a word before its middle, and only shows what cannot run', () => {
    expect(find('cod')[0]).toMatchObject({
      name: 'models',
      entries: [
        { label: 'Show sick-coder' },
        { label: 'Load Qwen3-Coder-4bit' },
        { label: 'Chat with Qwen3-Coder-4bit' },
        { label: 'Show Qwen3-Coder-4bit' },
        { label: 'Load Encoder-8bit' },
        { label: 'Chat with Encoder-8bit' },
      ],
    })
  })

  it('knows what is meant by "load qwen", and unloads what is loaded', () => {
    expect(labels('load qwen')[0]).toBe('Load Qwen3-Coder-4bit')
    expect(labels('unload qwen', { loaded: [aLoadedModel(coder.name)] })[0]).toBe('Unload Qwen3-Coder-4bit')
  })

  it('finds letters that are scattered over a name, after what has them together', () => {
    expect(labels('q3c4')).toContain('Load Qwen3-Coder-4bit')
    expect(match('Qwen3-4B', ['qw4b'])).toMatchObject({
      marks: [
        [0, 2],
        [6, 8],
      ],
    })
    expect(match('Qwen3-4B', ['bq'])).toBeNull()
  })

  it('finds conversations by their titles and by their texts, each once', () => {
    const snippet = { before: 'the ', match: 'regex', after: ' below' }
    const hits = chats.map((chat) => ({ chat, message_id: 'm', snippet }))
    const group = find('regex', { hits }).find(({ name }) => name === 'conversations')
    expect(group?.entries).toMatchObject([
      { label: 'Regex for semver tags', snippet: null },
      { label: 'Dinner', snippet },
    ])
  })

  it('fetches what is named in full and is not here yet, and looks for everything else in the Hub', () => {
    expect(labels('org/New-4bit').slice(-2)).toEqual(['Download org/New-4bit', 'Search the Hub for “org/New-4bit”'])
    expect(labels('org/encoder-8bit')).not.toContain('Download org/encoder-8bit')
    expect(labels('zzz')).toEqual(['Search the Hub for “zzz”'])
  })

  it('shows commands only after >', () => {
    expect(labels('>co')).toEqual(['Copy base URL'])
    expect(labels('>coder')).toEqual([])
  })

  it('never shows more than can be seen at once', () => {
    const many = Array.from({ length: 40 }, (_, index) => aModel(`org/coder-${index}`))
    const manyChats = Array.from({ length: 40 }, (_, index) => aChat(`c${index}`, { title: `coder ${index}` }))
    const commands = Array.from({ length: 40 }, (_, index) => ({ ...command('models'), key: `${index}`, label: `code ${index}` }))
    for (const typed of ['', 'cod', '>cod', 'org/cod'])
      expect(labels(typed, { models: many, chats: manyChats, commands }).length, typed).toBeLessThanOrEqual(MOST)
  })
})
