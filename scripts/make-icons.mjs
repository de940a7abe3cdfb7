// Draws the icons of resources/icons: `node scripts/make-icons.mjs`. The drawings are shapes on a grid of 18 units, sampled 8 x 8 times
// per pixel, so every size is drawn and none is scaled. The PNGs are committed; run this after a change here.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodePng } from './lib/png.mjs'

const GRID = 18
const SAMPLES = 8
const STROKE = 1.15
const out = join(import.meta.dirname, '../resources/icons')

// Shapes are signed distances in grid units: negative inside.
const circle = (cx, cy, r) => (x, y) => Math.hypot(x - cx, y - cy) - r
const segment = (ax, ay, bx, by, r) => (x, y) => {
  const [dx, dy] = [bx - ax, by - ay]
  const t = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)))
  return Math.hypot(x - ax - t * dx, y - ay - t * dy) - r
}
const polygon = (points) => (x, y) => {
  let distance = Infinity
  let inside = false
  for (let i = 0, j = points.length - 1; i < points.length; j = i++) {
    const [ax, ay] = points[i]
    const [bx, by] = points[j]
    distance = Math.min(distance, segment(ax, ay, bx, by, 0)(x, y))
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside
  }
  return inside ? -distance : distance
}
const union =
  (...shapes) =>
  (x, y) =>
    Math.min(...shapes.map((shape) => shape(x, y)))
const grow = (shape, by) => (x, y) => shape(x, y) - by
const ring = (shape, width) => (x, y) => Math.max(shape(x, y), -shape(x, y) - width)
const below = (edge) => (_x, y) => edge - y
const both = (a, b) => (x, y) => Math.max(a(x, y), b(x, y))
const without = (a, b) => (x, y) => Math.max(a(x, y), -b(x, y))

// The knife lies along an axis from the lower left to the upper right: `along` from the handle's end, `across` towards the edge.
const at = (along, across) => [2.1 + (along + across) * Math.SQRT1_2, 15.9 + (across - along) * Math.SQRT1_2]
const bezier = ([ax, ay], [bx, by], [cx, cy]) =>
  Array.from({ length: 13 }, (_, i) => i / 12).map((t) => [
    (1 - t) ** 2 * ax + 2 * t * (1 - t) * bx + t * t * cx,
    (1 - t) ** 2 * ay + 2 * t * (1 - t) * by + t * t * cy,
  ])
const handle = segment(...at(1.1, 0), ...at(6.1, 0), 1.5)
const blade = grow(
  polygon([
    at(8.6, -1.3),
    ...bezier(at(15.2, -1.3), at(17.6, -1.2), at(18.9, 0.4)),
    ...bezier(at(18.9, 0.4), at(16.2, 2.75), at(13.2, 2.75)),
    at(8.6, 2.75),
  ]),
  0.35,
)
const knife = union(handle, blade)
const outline = ring(knife, STROKE)

const badges = {
  dots: union(circle(10, 15.4, 1.25), circle(13.15, 15.4, 1.25), circle(16.3, 15.4, 1.25)),
  arrow: union(segment(14.2, 10.6, 14.2, 16.2, 0.7), segment(11.9, 13.9, 14.2, 16.3, 0.7), segment(16.5, 13.9, 14.2, 16.3, 0.7)),
  disc: circle(14.2, 14.2, 2.7),
  mark: union(segment(14.6, 9.9, 14.6, 13.6, 0.85), circle(14.6, 16.3, 1.05)),
}
const GAP = 1.1
const badged = (body, badge) => ({ body: without(body, grow(badge, GAP)), badge })

// Design: outline = not serving, filled = serving; the badge sits in the lower right corner with a gap around it.
const states = {
  stopped: { body: outline },
  starting: { body: union(outline, both(knife, below(9.2))) },
  ready: { body: knife },
  answering: badged(knife, badges.dots),
  downloading: badged(knife, badges.arrow),
  'needs-you': badged(knife, badges.disc),
  failed: badged(outline, badges.mark),
}

/** Paints layers over each other: `[shape, [r, g, b]]`, the last one on top. */
function draw(pixels, layers, scale = pixels / GRID) {
  const rgba = new Uint8Array(pixels * pixels * 4)
  for (let y = 0; y < pixels; y++) {
    for (let x = 0; x < pixels; x++) {
      const sum = [0, 0, 0, 0]
      for (let s = 0; s < SAMPLES * SAMPLES; s++) {
        const gx = (x + ((s % SAMPLES) + 0.5) / SAMPLES) / scale
        const gy = (y + (Math.floor(s / SAMPLES) + 0.5) / SAMPLES) / scale
        const top = layers.findLast(([shape]) => shape(gx, gy) <= 0)
        if (top === undefined) continue
        top[1].forEach((channel, i) => (sum[i] += channel))
        sum[3] += 1
      }
      const colour = sum.slice(0, 3).map((channel) => (sum[3] === 0 ? 0 : Math.round(channel / sum[3])))
      rgba.set([...colour, Math.round((sum[3] / SAMPLES ** 2) * 255)], (y * pixels + x) * 4)
    }
  }
  return encodePng(pixels, pixels, rgba)
}

const BLACK = [0, 0, 0]
// Luminance near 0.18: at least 4 : 1 on white and on black, since a Linux panel may be either.
const BLUE = [63, 122, 205]
const AMBER = [176, 107, 0]
const RED = [214, 69, 61]
const badgeColour = { 'needs-you': AMBER, failed: RED }

mkdirSync(join(out, 'tray'), { recursive: true })
for (const [state, { body, badge }] of Object.entries(states)) {
  for (const [factor, suffix] of [
    [1, ''],
    [2, '@2x'],
    [3, '@3x'],
  ]) {
    const layers = (ink, badgeInk) => [[body, ink], ...(badge === undefined ? [] : [[badge, badgeInk]])]
    writeFileSync(join(out, 'tray', `${state}Template${suffix}.png`), draw(18 * factor, layers(BLACK, BLACK)))
    const colour = badgeColour[state] ?? BLUE
    writeFileSync(join(out, 'tray', `${state}${suffix}.png`), draw(22 * factor, layers(BLUE, colour)))
  }
}

// The application's icon: the knife in white on a rounded square, on Apple's grid of 1024 with a margin of 100.
const square = (x, y) => {
  const [dx, dy] = [Math.abs(x - 512) - 232, Math.abs(y - 512) - 232]
  return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - 180
}
const big = (shape) => (x, y) => shape((x - 512) / 34 + 9, (y - 512) / 34 + 9) * 34
writeFileSync(
  join(out, 'app.png'),
  draw(
    512,
    [
      [square, [38, 84, 158]],
      [big(knife), [255, 255, 255]],
    ],
    0.5,
  ),
)
