import { z } from 'zod'
import type { Platform } from '../../system'
import { pythonMinors } from './candidates'
import type { RunCommand } from './run-command'

/** Reads facts and package metadata; imports nothing that is not in the standard library (importing mlx takes seconds). */
const script = `
import importlib.metadata as m, importlib.util as u, json, platform as p, sys, sysconfig as s
def version(name):
    try:
        return m.version(name)
    except m.PackageNotFoundError:
        return None
print(json.dumps({
    "version": p.python_version(), "minor": sys.version_info[:2], "implementation": p.python_implementation(),
    "machine": p.machine(), "free_threaded": bool(s.get_config_var("Py_GIL_DISABLED")), "libc": p.libc_ver(), "macos": p.mac_ver()[0],
    "venv": all(u.find_spec(n) is not None for n in ("venv", "ensurepip")),
    "executable": getattr(sys, "_base_executable", None) or sys.executable, "site_packages": s.get_path("purelib"),
    "packages": {"mlx": version("mlx"), "mlx_lm": version("mlx-lm"), "transformers": version("transformers")},
}))
`

const probeResult = z.object({
  version: z.string(),
  minor: z.tuple([z.number(), z.number()]),
  implementation: z.string(),
  machine: z.string(),
  free_threaded: z.boolean(),
  libc: z.tuple([z.string(), z.string()]),
  macos: z.string(),
  venv: z.boolean(),
  executable: z.string(),
  site_packages: z.string(),
  packages: z.object({ mlx: z.string().nullable(), mlx_lm: z.string().nullable(), transformers: z.string().nullable() }),
})

export type PythonFacts = z.infer<typeof probeResult>

/** Null when it is no Python that runs (a pyenv shim of an unset version, a dead link, another program). @throws AppError cancelled */
export async function probePython(
  run: RunCommand,
  python: string,
  env: Record<string, string>,
  signal: AbortSignal,
): Promise<PythonFacts | null> {
  const { code, stdout } = await run(python, ['-I', '-c', script], { env, signal, timeoutMs: 15_000 })
  if (code !== 0) return null
  try {
    return probeResult.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''))
  } catch {
    return null
  }
}

/** Why mlx has no wheels for this interpreter, null when it has. */
export function unsuitable(facts: PythonFacts, platform: Pick<Platform, 'os'>): string | null {
  const [major, minor] = facts.minor
  if (facts.implementation !== 'CPython') return `it is ${facts.implementation}, not CPython`
  if (major !== 3 || !pythonMinors.includes(minor)) return `it is Python ${facts.version}; 3.11 to 3.14 is needed`
  if (facts.free_threaded) return 'it is a build without the global interpreter lock'
  if (platform.os === 'darwin') {
    if (facts.machine !== 'arm64') return 'it runs for Intel processors; mlx needs one for Apple silicon'
    return atLeast(facts.macos, 14, 0) ? null : `mlx needs macOS 14, this is ${facts.macos}`
  }
  if (facts.machine !== 'x86_64' && facts.machine !== 'aarch64') return `mlx does not exist for ${facts.machine}`
  const [library, version] = facts.libc
  return library === 'glibc' && atLeast(version, 2, 35)
    ? null
    : `mlx needs glibc 2.35, this is ${library || 'another C library'} ${version}`
}

function atLeast(version: string, major: number, minor: number): boolean {
  const [a = 0, b = 0] = version.split('.').map(Number)
  return a > major || (a === major && b >= minor)
}
