import { expect, test } from 'vitest'
import { createEmitter, follow } from './emitter'

test('a listener hears every value until it unsubscribes', () => {
  const emitter = createEmitter<number>()
  const heard: number[] = []
  const stop = emitter.subscribe((value) => heard.push(value))
  emitter.emit(1)
  stop()
  emitter.emit(2)
  expect(heard).toEqual([1])
})

test('following gives the value at once, then the newest after changes, and ends with the signal', async () => {
  const emitter = createEmitter<undefined>()
  const controller = new AbortController()
  let value = 1
  const set = (next: number): void => {
    value = next
    emitter.emit(undefined)
  }
  const values = follow(() => value, emitter.subscribe, controller.signal)
  expect((await values.next()).value).toBe(1)
  set(2)
  set(3)
  expect((await values.next()).value).toBe(3)
  const pending = values.next()
  set(4)
  expect((await pending).value).toBe(4)
  const last = values.next()
  controller.abort()
  expect((await last).done).toBe(true)
})
