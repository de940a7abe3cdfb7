import { InvalidArgumentError } from 'commander'

function number(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.')
  return value
}

/** A whole number of at least 1, for an option of commander. */
export function positiveInteger(text: string): number {
  const value = number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number of at least 1.')
  return value
}

/** 0 takes any free port. */
export function portNumber(text: string): number {
  const value = number(text)
  if (!Number.isInteger(value) || value < 0 || value > 65_535) throw new InvalidArgumentError('It must be a port, 0 to 65535.')
  return value
}

export function temperature(text: string): number {
  const value = number(text)
  if (value < 0 || value > 2) throw new InvalidArgumentError('It must be between 0 and 2.')
  return value
}

export function topP(text: string): number {
  const value = number(text)
  if (value <= 0 || value > 1) throw new InvalidArgumentError('It must be above 0 and at most 1.')
  return value
}
