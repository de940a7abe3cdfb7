import { setFlagsFromString } from 'node:v8'

/**
 * Keeps the young part of the heap at the size it begins with, for all threads, from now on. For short programs that read many small
 * things once: V8 would let it grow to 48 MiB, and collecting it more often costs them no time that could be measured.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}
