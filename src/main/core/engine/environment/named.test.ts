import { expect, it } from 'vitest'
import { createNamedInterpreter } from './named'
import type { RunCommand } from './run-command'

const facts = {
  version: '3.12.1',
  minor: [3, 12],
  implementation: 'CPython',
  machine: 'x86_64',
  free_threaded: false,
  libc: ['glibc', '2.36'],
  macos: '',
  venv: true,
  executable: '/none/python3.12',
  site_packages: '/none/site-packages',
  packages: { mlx: '0.31', mlx_lm: '0.32.2', transformers: null },
}

/** An interpreter that answers when the test says so; null: it does not run. */
function bench() {
  const open: ((answer: object | null) => void)[] = []
  const run: RunCommand = () =>
    new Promise((resolve) => {
      open.push((answer) =>
        resolve({ code: answer === null ? 1 : 0, lines: [], stdout: answer === null ? '' : JSON.stringify(answer) }),
      )
    })
  let now = 0
  const status = createNamedInterpreter({ env: {}, platform: { os: 'linux', arch: 'x64', home: '/h' }, run, now: () => now })
  return {
    asked: () => open.length,
    ask: () => status('environment', '/none/python', '0.32.2'),
    answer: (value: object | null) => open.at(-1)!(value),
    wait: (ms: number) => (now += ms),
  }
}

it('asks an interpreter once, however many want to know', async () => {
  const { asked, ask, answer } = bench()
  const both = Promise.all([ask(), ask()])
  answer(facts)
  expect((await both).map(({ state }) => state)).toEqual(['ready', 'ready'])
  expect((await ask()).state).toBe('ready')
  expect(asked()).toBe(1)
})

it('asks one that did not run again after a minute, not at every look', async () => {
  const { asked, ask, answer, wait } = bench()
  const first = ask()
  answer(null)
  expect((await first).state).toBe('broken')
  wait(59_999)
  expect((await ask()).state).toBe('broken')
  expect(asked()).toBe(1)
  wait(1)
  const second = ask()
  await expect.poll(asked).toBe(2)
  answer(facts)
  expect((await second).state).toBe('ready')
})
