import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createLastUsed } from './last-used'

function aFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mlxk-used-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'last-used.json')
}

const at = (day: number): string => `2026-11-0${day}T10:00:00.000Z`

test('when a model was last used is known after a restart; the newest counts', async () => {
  const file = aFile()
  const used = createLastUsed(file)
  used.notice([{ name: 'org/a', last_used_at: at(2) }])
  used.notice([
    { name: 'org/a', last_used_at: at(1) },
    { name: 'org/b', last_used_at: null },
  ])
  await used.save()
  expect(createLastUsed(file).all()).toEqual({ 'org/a': at(2) })
})

test('nothing is written when nothing is new, and it is written now and then without being asked', async () => {
  const file = aFile()
  let now = 0
  const used = createLastUsed(file, () => now)
  await used.save()
  expect(() => readFileSync(file)).toThrow('ENOENT')
  now = 60_000
  used.notice([{ name: 'org/a', last_used_at: at(3) }])
  await expect.poll(() => createLastUsed(file).all()).toEqual({ 'org/a': at(3) })
})

test.each(['no json', '[1]', '{"a": 1, "b": "never"}'])('a damaged file is as none: %s', (text) => {
  const file = aFile()
  writeFileSync(file, text)
  expect(createLastUsed(file).all()).toEqual({})
})
