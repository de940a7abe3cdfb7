import { describe, expect, it } from 'vitest'
import type { HubClient, HubFile } from '../hub'
import { readCard, withoutHead } from './card'

function aHub(text: string | null, name = 'README.md'): Pick<HubClient, 'tree' | 'openFile'> {
  const bytes = Buffer.from(text ?? '')
  const file: HubFile = { path: name, sizeBytes: bytes.length, oid: 'a'.repeat(40), sha256: null, xetHash: null }
  return {
    tree: () => Promise.resolve(text === null ? [] : [file]),
    openFile: ({ from, to }) =>
      Promise.resolve({
        body: (async function* () {
          yield bytes.subarray(from, to)
        })(),
        link: 'https://hub/x',
        from,
        close: () => undefined,
      }),
  }
}
const read = (hub: Pick<HubClient, 'tree' | 'openFile'>) => readCard(hub as HubClient, { repo: 'org/m', commit: 'b'.repeat(40) })

describe('the card of a model', () => {
  it('comes without the settings at its head', async () => {
    expect(await read(aHub('---\nlicense: mit\n---\n# Title\n\n---\nText'))).toEqual({
      text: '# Title\n\n---\nText',
      truncated: false,
    })
    expect(withoutHead('# No head')).toBe('# No head')
    expect(withoutHead('---\nnever ends')).toBe('---\nnever ends')
    expect(withoutHead('\uFEFF---\r\na: b\r\n---\r\nText')).toBe('Text')
  })

  it('is nothing where there is none', async () => {
    expect(await read(aHub(null))).toEqual({ text: null, truncated: false })
    expect(await read(aHub('x', 'docs/README.md'))).toEqual({ text: null, truncated: false })
  })

  it('is its beginning when it is very long, with no half letter at the end', async () => {
    const card = await read(aHub('ä'.repeat(200_000).replace(/^/, 'x')))
    expect(card.truncated).toBe(true)
    expect(card.text?.endsWith('ä')).toBe(true)
    expect(card.text).not.toContain('\uFFFD')
  })
})
