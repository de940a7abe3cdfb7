/**
 * The wire between two ends of a message port. Many calls share one port, told apart by `id`. A stream may send `WINDOW` events ahead
 * of its consumer and waits then for `credit`: a slow window never makes the owner's memory grow.
 */
import type { Frame } from './frames'

export const WINDOW = 64

export type ToServer =
  | { type: 'open'; id: number; name: string; input: unknown }
  | { type: 'cancel'; id: number }
  | { type: 'credit'; id: number; count: number }
  | { type: 'bye' }

export type ToClient = { type: 'frame'; id: number; frame: Frame } | { type: 'bye' }

/** What a browser's MessagePort and Node's have in common. Electron's MessagePortMain becomes one by `adaptEmitterPort`. */
export interface PortLike {
  postMessage(message: unknown): void
  onmessage: { listen(event: { data: unknown }): unknown }['listen'] | null
  close(): void
  /** Fires `close` where the runtime knows that event; elsewhere the other side's `bye` says it. */
  addEventListener?(type: 'close', listener: () => void): void
  start?(): void
}

/** Electron's MessagePortMain: an event emitter whose `message` event has `data`. */
export interface EmitterPort {
  postMessage(message: unknown): void
  on(event: 'message', listener: (event: { data: unknown }) => void): unknown
  on(event: 'close', listener: () => void): unknown
  start(): void
  close(): void
}

/** Makes Electron's MessagePortMain look like a browser's port. */
export function adaptEmitterPort(port: EmitterPort): PortLike {
  const adapted: PortLike = {
    onmessage: null,
    postMessage: (message) => port.postMessage(message),
    close: () => port.close(),
    addEventListener: (_type, listener) => {
      port.on('close', listener)
    },
    start: () => port.start(),
  }
  port.on('message', (event) => adapted.onmessage?.(event))
  return adapted
}

export function isMessage(value: unknown): value is { type: string; id?: unknown } & Record<string, unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'
}
