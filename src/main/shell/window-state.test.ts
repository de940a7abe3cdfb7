import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { DEFAULT_SIZE, fitToDisplays, readWindowState, writeWindowState } from './window-state'

const folder = mkdtempSync(join(tmpdir(), 'mlxk-window-'))
const file = join(folder, 'window.json')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the remembered window', () => {
  test('comes back as it was', () => {
    const state = { width: 1000, height: 700, x: 10, y: 20, maximized: false }
    writeWindowState(file, state)
    expect(readWindowState(file)).toEqual(state)
  })

  test.each([
    ['no file', null],
    ['no JSON', '{'],
    ['a size below the smallest', '{"width":10,"height":10}'],
    ['words for numbers', '{"width":"1000","height":700}'],
    ['a huge file', JSON.stringify({ width: 1000, height: 700, junk: 'x'.repeat(5000) })],
  ])('is the default for %s', (_name, text) => {
    rmSync(file, { force: true })
    if (text !== null) writeFileSync(file, text)
    expect(readWindowState(file)).toEqual({ ...DEFAULT_SIZE, maximized: false })
  })

  test('that cannot be written is not an error', () => {
    expect(() => writeWindowState(join(folder, 'none', 'window.json'), readWindowState(file))).not.toThrow()
  })

  test('keeps its place on a display, and loses it with the display', () => {
    const laptop = { x: 0, y: 25, width: 1440, height: 875 }
    const state = { width: 1200, height: 800, x: 1500, y: 100, maximized: false }
    expect(fitToDisplays(state, [laptop, { x: 1440, y: 0, width: 1920, height: 1080 }])).toEqual(state)
    expect(fitToDisplays(state, [laptop])).toEqual({ width: 1200, height: 800, maximized: false })
  })

  test('shrinks to a smaller display, not below the smallest size', () => {
    const state = { width: 2500, height: 1400, maximized: true }
    expect(fitToDisplays(state, [{ x: 0, y: 0, width: 1280, height: 500 }])).toEqual({ width: 1280, height: 600, maximized: true })
  })
})
