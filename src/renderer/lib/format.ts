const GB_DISK = 1e9
const MB_DISK = 1e6
const GIB = 2 ** 30
const MIB = 2 ** 20
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
/** Midnight alone does not make something of yesterday. */
const LATE_NIGHT_MS = 12 * HOUR_MS

export interface Formatters {
  /** Bytes on disk, ÷ 10⁹ as macOS shows them; under 0.1 GB whole MB, under 1 MB whole KB. */
  disk: (bytes: number) => string
  /** As `disk`, but exact for the small files beside the weights: 1,420 B, 11 KB. */
  fileSize: (bytes: number) => string
  /** Bytes of memory, ÷ 2³⁰, called GB as macOS does. */
  memory: (bytes: number) => string
  /** 32,768 */
  integer: (value: number) => string
  /** Tokens in short, K = 1024: 256K, 40K, 11.2K; exact under 1024. */
  tokens: (count: number) => string
  /** A large number in words' short form: 23.6 billion is 23.6B. */
  count: (value: number) => string
  /** 0…1 as a whole per cent. */
  percent: (fraction: number) => string
  /** Milliseconds as seconds: 0.38 s, 4.1 s, 12 s. */
  seconds: (ms: number) => string
  /** A large count in short: 48.1K, 1.2M, 27.4B. */
  shortCount: (value: number) => string
  /** Seconds as a time to wait: 45 s, 2 min 10 s, 1 h 5 min. */
  timeLeft: (seconds: number) => string
  /** Bytes per second: 48.2 MB/s, 120 KB/s. */
  speed: (bytesPerSecond: number) => string
  /** A setting between 0 and 2: 0.7, 0.95. */
  fraction: (value: number) => string
  /** Per second, one decimal. */
  rate: (perSecond: number) => string
  /** Now, 4 min ago, 3 h ago, Yesterday, Tuesday, 12 Nov, Nov 2024. */
  ago: (iso: string, nowMs: number) => string
  /** 14:32:08 */
  time: (iso: string) => string
  /** How long, in whole minutes or hours: 11 min, 3 h. */
  duration: (ms: number) => string
  /** Date and time in full, for details. */
  dateTime: (iso: string) => string
  /** Form of a noun for a count: `plural(2, {one: 'model', other: 'models'})`. */
  plural: (count: number, forms: { one: string; other: string }) => string
}

const calendarDay = (date: Date): number => Math.floor((date.getTime() - date.getTimezoneOffset() * MINUTE_MS) / DAY_MS)
/** The few words of time that Intl does not have in this short form. */
export interface TimeWords {
  now: string
  yesterday: string
  minutesAgo: (count: string) => string
  hoursAgo: (count: string) => string
}

/** Numbers, sizes and dates of the window, all through Intl. */
export function createFormatters(locale: string, words: TimeWords): Formatters {
  const number = (maximumFractionDigits: number, minimumFractionDigits = 0): Intl.NumberFormat =>
    new Intl.NumberFormat(locale, { maximumFractionDigits, minimumFractionDigits })
  const whole = number(0)
  const one = number(1, 1)
  const upToOne = number(1)
  const upToTwo = number(2)
  const two = number(2, 2)
  const short = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 })
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 })
  const compact = new Intl.NumberFormat(locale, { notation: 'compact', compactDisplay: 'long', maximumFractionDigits: 1 })
  const weekday = new Intl.DateTimeFormat(locale, { weekday: 'long' })
  const dayMonth = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' })
  const monthYear = new Intl.DateTimeFormat(locale, { month: 'short', year: 'numeric' })
  const full = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' })
  const clock = new Intl.DateTimeFormat(locale, { timeStyle: 'medium', hourCycle: 'h23' })
  const unit = (name: string): Intl.NumberFormat =>
    new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: 'short', maximumFractionDigits: 0 })
  const minutes = unit('minute')
  const hours = unit('hour')
  const rules = new Intl.PluralRules(locale)

  const size = (bytes: number, giga: number, mega: number): string => {
    if (bytes >= giga * 0.1) return `${one.format(bytes / giga)} GB`
    return `${whole.format(bytes === 0 ? 0 : Math.max(1, Math.round(bytes / mega)))} MB`
  }

  const ago = (iso: string, nowMs: number): string => {
    const then = new Date(iso)
    const now = new Date(nowMs)
    const passedMs = Math.max(0, nowMs - then.getTime())
    const days = calendarDay(now) - calendarDay(then)
    if (passedMs < MINUTE_MS) return words.now
    if (passedMs < HOUR_MS) return words.minutesAgo(whole.format(Math.floor(passedMs / MINUTE_MS)))
    if (days <= 0 || passedMs < LATE_NIGHT_MS) return words.hoursAgo(whole.format(Math.floor(passedMs / HOUR_MS)))
    if (days === 1) return words.yesterday
    if (days < 7) return weekday.format(then)
    return (then.getFullYear() === now.getFullYear() ? dayMonth : monthYear).format(then)
  }

  return {
    disk: (bytes) => (bytes < MB_DISK ? `${whole.format(Math.ceil(bytes / 1e3))} KB` : size(bytes, GB_DISK, MB_DISK)),
    fileSize: (bytes) => {
      if (bytes < 1e4) return `${whole.format(bytes)} B`
      return bytes < MB_DISK ? `${whole.format(bytes / 1e3)} KB` : size(bytes, GB_DISK, MB_DISK)
    },
    memory: (bytes) => size(bytes, GIB, MIB),
    integer: (value) => whole.format(value),
    tokens: (count) => (count < 1024 ? whole.format(count) : `${upToOne.format(count / 1024)}K`),
    count: (value) => compact.format(value),
    percent: (fraction) => percent.format(fraction),
    seconds: (ms) => {
      const seconds = ms / 1000
      if (seconds < 1) return `${two.format(seconds)} s`
      return `${(seconds < 10 ? one : whole).format(seconds)} s`
    },
    shortCount: (value) => short.format(value),
    timeLeft: (seconds) => {
      const all = Math.max(0, Math.round(seconds))
      const [hours, minutes, rest] = [Math.floor(all / 3600), Math.floor((all % 3600) / 60), all % 60]
      if (hours > 0) return `${whole.format(hours)} h${minutes === 0 ? '' : ` ${minutes} min`}`
      // Over ten minutes nobody counts seconds.
      if (minutes > 0) return `${minutes} min${rest === 0 || minutes >= 10 ? '' : ` ${rest} s`}`
      return `${rest} s`
    },
    speed: (bytesPerSecond) =>
      bytesPerSecond >= MB_DISK ? `${one.format(bytesPerSecond / MB_DISK)} MB/s` : `${whole.format(bytesPerSecond / 1e3)} KB/s`,
    fraction: (value) => upToTwo.format(value),
    rate: (perSecond) => one.format(perSecond),
    ago,
    time: (iso) => {
      const date = new Date(iso)
      return Number.isNaN(date.getTime()) ? '' : clock.format(date)
    },
    duration: (ms) => (ms < 2 * HOUR_MS ? minutes.format(Math.round(ms / MINUTE_MS)) : hours.format(Math.round(ms / HOUR_MS))),
    dateTime: (iso) => full.format(new Date(iso)),
    plural: (count, forms) => (rules.select(count) === 'one' ? forms.one : forms.other),
  }
}
