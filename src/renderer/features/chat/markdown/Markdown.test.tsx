import { describe, expect, it } from 'vitest'
import { aWindow, renderIn } from '../../../testing/render'
import Markdown from './Markdown'

const show = (text: string) => renderIn(aWindow(), <Markdown text={text} />).container

describe('an answer as Markdown', () => {
  it('opens only https and mailto, outside and without a way back', () => {
    const root = show(
      '[a](https://example.org/) [b](javascript:alert) [c](http://example.org/) [d](mailto:a@example.org) [e](/local)',
    )
    const links = [...root.querySelectorAll('a')]
    expect(links.map((link) => link.getAttribute('href'))).toEqual(['https://example.org/', 'mailto:a@example.org'])
    for (const link of links) expect(link).toMatchObject({ target: '_blank', rel: 'noopener noreferrer' })
    expect(root.textContent).toContain('b')
  })

  it('never loads a picture and says what it would have been', () => {
    const root = show('![a cat](https://example.org/cat.png)')
    expect(root.querySelector('img')).toBeNull()
    expect(root.textContent).toContain('a cat')
  })

  it('opens a picture outside and only when it is clicked, with its host in sight; other addresses are no link', () => {
    const root = show(
      '![a cat](https://example.org/cat.png) ![b](http://example.org/b.png) [![c](https://c.test/c.png)](https://d.test/)',
    )
    const [cat, link, ...more] = root.querySelectorAll('a')
    expect(cat).toMatchObject({ href: 'https://example.org/cat.png', target: '_blank', rel: 'noopener noreferrer' })
    expect(cat?.textContent).toBe('Open image: a cat (example.org)')
    expect(link?.getAttribute('href')).toBe('https://d.test/')
    expect(more).toEqual([])
  })

  it('shows raw HTML as text', () => {
    const root = show('<img src="x"><script>alert(1)</script> <b>bold</b>')
    expect(root.querySelector('img, script, b')).toBeNull()
    expect(root.textContent).toContain('<b>bold</b>')
  })

  it('names the language of code and keeps its text exactly', () => {
    const root = show('```py\nif a:\n    b()\n```')
    expect(root.querySelector('figcaption')?.textContent).toContain('Python')
    expect(root.querySelector('pre')?.textContent).toBe('if a:\n    b()')
  })
})
