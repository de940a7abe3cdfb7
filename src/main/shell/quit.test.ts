import { describe, expect, test, vi } from 'vitest'
import { createQuitting, quitQuestion, type QuitAnswer } from './quit'

interface Options {
  answers?: number
  answer?: QuitAnswer
  close?: () => Promise<void>
}

function setUp({ answers = 0, answer = 'quit', close = async () => undefined }: Options = {}) {
  const event = { preventDefault: vi.fn() }
  const deps = {
    answers: () => answers,
    ask: vi.fn(async () => answer),
    goOn: vi.fn(),
    close: vi.fn(close),
    quit: vi.fn(),
  }
  return { event, deps, quitting: createQuitting(deps, 20) }
}

describe('quitting', () => {
  test('closes everything first, and is let through once that is done', async () => {
    const { event, deps, quitting } = setUp()
    quitting.onBeforeQuit(event)
    quitting.onBeforeQuit(event)
    expect(event.preventDefault).toHaveBeenCalledTimes(2)
    await vi.waitFor(() => expect(deps.quit).toHaveBeenCalledOnce())
    expect(deps.close).toHaveBeenCalledOnce()
    quitting.onBeforeQuit(event)
    expect(event.preventDefault).toHaveBeenCalledTimes(2)
    expect(deps.ask).not.toHaveBeenCalled()
  })

  test('does not wait for ever, and not for an error', async () => {
    const hanging = setUp({ close: () => new Promise(() => undefined) })
    hanging.quitting.onBeforeQuit(hanging.event)
    await vi.waitFor(() => expect(hanging.deps.quit).toHaveBeenCalledOnce())
    const failing = setUp({ close: () => Promise.reject(new Error('no')) })
    failing.quitting.onBeforeQuit(failing.event)
    await vi.waitFor(() => expect(failing.deps.quit).toHaveBeenCalledOnce())
  })

  test.each<[QuitAnswer, number, number]>([
    ['quit', 1, 0],
    ['cancel', 0, 0],
    ['background', 0, 1],
  ])('asks while something is answered: %s', async (answer, quits, goesOn) => {
    const { event, deps, quitting } = setUp({ answers: 2, answer })
    quitting.onBeforeQuit(event)
    await vi.waitFor(() => expect(deps.quit).toHaveBeenCalledTimes(quits))
    expect(deps.ask).toHaveBeenCalledExactlyOnceWith(2)
    await vi.waitFor(() => expect(deps.goOn).toHaveBeenCalledTimes(goesOn))
    expect(deps.close).toHaveBeenCalledTimes(quits)
  })

  test('asks nobody when a signal decided', async () => {
    const { deps, quitting } = setUp({ answers: 2 })
    quitting.now()
    await vi.waitFor(() => expect(deps.quit).toHaveBeenCalledOnce())
    expect(deps.ask).not.toHaveBeenCalled()
  })

  test('asks in words', () => {
    expect(quitQuestion(1)).toBe('1 answer will stop.')
    expect(quitQuestion(2)).toBe('2 answers will stop.')
  })
})
