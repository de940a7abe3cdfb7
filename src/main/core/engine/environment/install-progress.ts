/**
 * Reads how far an installer is from what it prints. pip names each package as it comes to it; uv tells the large downloads and the
 * end of each phase. Only for showing: a line that is not understood changes nothing.
 * @param total packages in the lock
 */
export function createInstallProgress(total: number): (line: string) => { fraction: number; message: string } | null {
  let seen = 0
  let best = 0
  const step = (fraction: number, message: string): { fraction: number; message: string } => {
    best = Math.max(best, Math.min(1, fraction))
    return { fraction: best, message }
  }
  return (raw) => {
    const line = raw.trim()
    const collecting = /^(Collecting|Ignoring|Requirement already satisfied:|Processing) (?:\S*\/)?([\w.-]+)/.exec(line)
    if (collecting !== null) {
      seen = Math.min(total, seen + 1)
      return step((0.8 * seen) / total, `${(collecting[2] ?? '').replace(/-\d.*$/, '')} (${seen} of ${total})`)
    }
    if (line.startsWith('Installing collected packages')) return step(0.85, 'Unpacking')
    if (line.startsWith('Successfully installed')) return step(1, 'Unpacked')
    if (/^Resolved \d+ package/.test(line)) return step(0.05, 'Downloading')
    const download = /^(?:Downloading|Building) ([\w.-]+) ?(\(.*\))?/.exec(line)
    if (download !== null && !(download[1] ?? '').endsWith('.whl')) return step(best + (0.7 - best) * 0.15, line)
    if (/^Prepared \d+ package/.test(line)) return step(0.8, 'Unpacking')
    if (/^Installed \d+ package/.test(line)) return step(0.95, 'Compiling')
    return null
  }
}
