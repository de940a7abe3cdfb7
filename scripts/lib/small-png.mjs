import { deflateSync, inflateSync } from 'node:zlib'
import { chunk } from './png.mjs'

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10])
const COLOURS = 256

/** @returns width, height, bytes per pixel and the pixels of an 8-bit RGB or RGBA image that is not interlaced, as browsers write them */
function read(png) {
  const parts = []
  let header = null
  for (let at = SIGNATURE.length; at < png.length;) {
    const length = png.readUInt32BE(at)
    const name = png.toString('latin1', at + 4, at + 8)
    const data = png.subarray(at + 8, at + 8 + length)
    if (name === 'IHDR') header = data
    if (name === 'IDAT') parts.push(data)
    at += length + 12
  }
  const [width, height, depth, type] = [header.readUInt32BE(0), header.readUInt32BE(4), header[8], header[9]]
  if (depth !== 8 || (type !== 2 && type !== 6) || header[12] !== 0) throw new Error('not an 8-bit RGB image')
  const size = type === 2 ? 3 : 4
  const stride = width * size
  const raw = inflateSync(Buffer.concat(parts))
  const pixels = Buffer.alloc(stride * height)
  for (let row = 0; row < height; row += 1) {
    const filter = raw[row * (stride + 1)]
    for (let at = 0; at < stride; at += 1) {
      const here = row * stride + at
      const left = at >= size ? pixels[here - size] : 0
      const up = row > 0 ? pixels[here - stride] : 0
      const corner = at >= size && row > 0 ? pixels[here - stride - size] : 0
      const paeth = () => {
        const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)]
        return a <= b && a <= c ? left : b <= c ? up : corner
      }
      const guess = [() => 0, () => left, () => up, () => (left + up) >> 1, paeth][filter]()
      pixels[here] = raw[row * (stride + 1) + 1 + at] + guess
    }
  }
  return { width, height, size, pixels }
}

/** The same picture with the 256 colours that it has most of, each other one as the nearest of them: a third of its size. */
export function toSmallPng(png) {
  const { width, height, size, pixels } = read(png)
  const counts = new Map()
  const colourAt = (at) => (pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2]
  for (let at = 0; at < pixels.length; at += size) counts.set(colourAt(at), (counts.get(colourAt(at)) ?? 0) + 1)
  const byCount = [...counts].sort((a, b) => b[1] - a[1]).map(([colour]) => colour)
  const distance = (a, b) =>
    ((a >> 16) - (b >> 16)) ** 2 + (((a >> 8) & 255) - ((b >> 8) & 255)) ** 2 + ((a & 255) - (b & 255)) ** 2
  // Colours that are nearly there already would crowd out the rare ones, such as a small red mark.
  const palette = []
  for (let apart = 120; palette.length < COLOURS && apart >= 0; apart = apart === 0 ? -1 : apart >> 1)
    for (const colour of byCount) {
      if (palette.length === COLOURS) break
      if (!palette.some((known) => distance(known, colour) <= apart)) palette.push(colour)
    }
  const places = new Map()
  const placeOf = (colour) => {
    const known = places.get(colour)
    if (known !== undefined) return known
    let best = 0
    for (let at = 1; at < palette.length; at += 1) if (distance(palette[at], colour) < distance(palette[best], colour)) best = at
    places.set(colour, best)
    return best
  }
  const rows = Buffer.alloc((width + 1) * height)
  for (let row = 0; row < height; row += 1)
    for (let at = 0; at < width; at += 1) rows[row * (width + 1) + 1 + at] = placeOf(colourAt((row * width + at) * size))
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 3, 0, 0, 0], 8)
  const colours = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]))
  const data = deflateSync(rows, { level: 9, memLevel: 9 })
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', colours),
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ])
}
