import { expect, it } from 'vitest'
import type { Context } from '../context'
import { createProgress } from './progress'

async function inPipe(isHuman: boolean) {
  const lines: string[] = []
  let now = 0
  const context = {
    mode: isHuman ? 'human' : 'json',
    isHuman,
    io: { stderr: { isTTY: false } },
    talk: (line: string) => void lines.push(line),
  } as unknown as Context
  const view = await createProgress(context, () => now)
  return { view, lines, wait: (ms: number) => void (now += ms) }
}

it('work in a pipe says each step at once, and that it goes on every two seconds', async () => {
  const { view, lines, wait } = await inPipe(true)
  view.update('find', 'Looking for Python', null)
  view.update('install', '38 packages', 0)
  for (let n = 1; n <= 38; n++) {
    wait(500)
    view.update('install', `package (${n} of 38)`, n / 38)
  }
  view.update('test', 'Starting the engine once', null)
  expect(lines.slice(0, 3)).toEqual(['Looking for Python', '  0% 38 packages', ' 10% package (4 of 38)'])
  expect(lines).toHaveLength(2 + 9 + 1)
  wait(10_000)
  view.update('test', 'Starting the engine once', null)
  expect(lines).toHaveLength(12)
})

it('a JSON document is not accompanied by talk', async () => {
  const { view, lines } = await inPipe(false)
  view.update('find', 'Looking for Python', null)
  expect(lines).toEqual([])
})
