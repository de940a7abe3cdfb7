import { describe, expect, it } from 'vitest'
import type { Platform } from '../../system'
import { findTools } from './build'
import { findUv, pythonCandidates, pythonHint, type FileProbe } from './candidates'
import { commandEnvironment } from './command-environment'
import { createInstallProgress } from './install-progress'
import { askLoginShell } from './login-shell'
import { createPrecheck } from './precheck'
import { unsuitable, type PythonFacts } from './probe'
import type { RunCommand } from './run-command'

const mac: Platform = { os: 'darwin', arch: 'arm64', home: '/Users/a' }
const linux: Platform = { os: 'linux', arch: 'x64', home: '/home/a' }

function machine(...paths: string[]): FileProbe {
  return {
    isExecutable: (path) => paths.includes(path),
    list: (folder) => [
      ...new Set(
        paths.filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1).split('/')[0] ?? ''),
      ),
    ],
  }
}

describe('finding Python', () => {
  it('on macOS never offers /usr/bin/python3, which opens an installer window', () => {
    const files = machine('/usr/bin/python3', '/opt/homebrew/bin/python3.12')
    expect(pythonCandidates({ PATH: '/usr/bin:/bin' }, mac, files)).toEqual(['/opt/homebrew/bin/python3.12'])
  })

  it('on macOS finds Homebrew, python.org, pyenv and uv with the PATH of a program started from the Dock', () => {
    const all = [
      '/opt/homebrew/bin/python3.13',
      '/Library/Frameworks/Python.framework/Versions/3.12/bin/python3.12',
      '/Users/a/.pyenv/versions/3.11.7/bin/python3',
      '/Users/a/.local/share/uv/python/cpython-3.12.4-macos-aarch64-none/bin/python3',
    ]
    const found = pythonCandidates({ PATH: '/usr/bin:/bin' }, mac, machine(...all))
    expect(found.toSorted()).toEqual(all.toSorted())
  })

  it('prefers well-tried versions, and leaves out those that mlx-lm does not support', () => {
    const files = machine(
      '/usr/bin/python3',
      '/usr/bin/python3.14',
      '/usr/bin/python3.12',
      '/home/a/.pyenv/versions/3.10.1/bin/python3',
    )
    expect(pythonCandidates({}, linux, files)).toEqual(['/usr/bin/python3.12', '/usr/bin/python3.14', '/usr/bin/python3'])
  })

  it('ignores relative folders of PATH', () => {
    expect(pythonCandidates({ PATH: '.:bin' }, linux, machine('./python3', 'bin/python3'))).toEqual([])
  })

  it('finds uv beside the PATH', () => {
    expect(findUv({ PATH: '/bin' }, mac, machine('/Users/a/.local/bin/uv'))).toBe('/Users/a/.local/bin/uv')
    expect(findUv({}, linux, machine())).toBeNull()
  })

  it('names the command of this machine when there is no Python', () => {
    expect(pythonHint({}, mac, machine('/opt/homebrew/bin/brew'))).toBe('brew install python@3.12')
    expect(pythonHint({}, mac, machine())).toContain('python.org')
    expect(pythonHint({}, linux, machine('/usr/bin/apt-get'))).toBe('sudo apt install python3 python3-venv')
    expect(pythonHint({}, linux, machine('/usr/bin/dnf'))).toBe('sudo dnf install python3.12')
  })
})

describe('judging a Python', () => {
  const good: PythonFacts = {
    version: '3.12.1',
    minor: [3, 12],
    implementation: 'CPython',
    machine: 'x86_64',
    free_threaded: false,
    libc: ['glibc', '2.36'],
    macos: '',
    venv: true,
    executable: '/usr/bin/python3.12',
    site_packages: '/x',
    packages: { mlx: null, mlx_lm: null, transformers: null },
  }
  const goodMac: PythonFacts = { ...good, machine: 'arm64', libc: ['', ''], macos: '14.5' }

  it('accepts what mlx has wheels for', () => {
    expect(unsuitable(good, linux)).toBeNull()
    expect(unsuitable({ ...good, machine: 'aarch64', libc: ['glibc', '2.35'] }, linux)).toBeNull()
    expect(unsuitable(goodMac, mac)).toBeNull()
  })

  it.each<[string, PythonFacts, Platform]>([
    ['3.10', { ...good, version: '3.10.1', minor: [3, 10] }, linux],
    ['PyPy', { ...good, implementation: 'PyPy' }, linux],
    ['global interpreter lock', { ...good, free_threaded: true }, linux],
    ['glibc 2.35', { ...good, libc: ['glibc', '2.31'] }, linux],
    ['glibc 2.35', { ...good, libc: ['', ''] }, linux],
    ['riscv64', { ...good, machine: 'riscv64' }, linux],
    ['Intel', { ...goodMac, machine: 'x86_64' }, mac],
    ['macOS 14', { ...goodMac, macos: '13.6' }, mac],
  ])('refuses with the reason: %s', (reason, facts, platform) => {
    expect(unsuitable(facts, platform)).toContain(reason)
  })
})

describe('environment of installers', () => {
  it('passes mirrors, proxies and certificates, and refuses what would install elsewhere', () => {
    const env = { PIP_INDEX_URL: 'i', UV_INDEX_URL: 'u', https_proxy: 'p', SSL_CERT_FILE: 's', HOME: '/h' }
    const bad = {
      PIP_TARGET: 'x',
      PIP_USER: '1',
      UV_SYSTEM_PYTHON: '1',
      UV_PYTHON: 'x',
      PYTHONPATH: 'x',
      VIRTUAL_ENV: 'x',
      MLXK_HOME: 'x',
    }
    const result = commandEnvironment({ ...env, ...bad })
    expect(result).toMatchObject(env)
    for (const name of Object.keys(bad)) expect(result).not.toHaveProperty(name)
  })
})

describe('progress of an installer', () => {
  it('grows with what pip prints and ends at 1', () => {
    const lines = [
      'Collecting a==1',
      '  Downloading a-1-py3-none-any.whl (1 MB)',
      'Ignoring b: markers',
      'Processing /w/c_d-1.0-py3-none-any.whl',
    ]
    expect(run(4, [...lines, 'Installing collected packages: a, c', 'Successfully installed a c'])).toEqual([
      0.2, 0.4, 0.6000000000000001, 0.85, 1,
    ])
    expect(createInstallProgress(4)('Processing /w/c_d-1.0-py3-none-any.whl')?.message).toBe('c_d (1 of 4)')
  })

  it('grows with what uv prints', () => {
    const fractions = run(38, [
      'Resolved 38 packages in 2ms',
      'Downloading mlx (12MiB)',
      'Downloading transformers (9MiB)',
      'Prepared 38 packages in 2s',
      'Installed 38 packages in 1s',
    ])
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b))
    expect(fractions.at(-1)).toBe(0.95)
  })
})

function run(total: number, lines: string[]): number[] {
  const read = createInstallProgress(total)
  return lines.flatMap((line) => read(line)?.fraction ?? [])
}

describe('a machine on which the engine cannot be installed', () => {
  const facts = (minor: number, venv: boolean) => ({
    version: `3.${minor}.2`,
    minor: [3, minor],
    implementation: 'CPython',
    machine: 'x86_64',
    free_threaded: false,
    libc: ['glibc', '2.36'],
    macos: '',
    venv,
    executable: '/usr/bin/python3',
    site_packages: '/x',
    packages: { mlx: null, mlx_lm: null, transformers: null },
  })
  const check = (files: FileProbe, minor: number, venv = true, platform = linux) => {
    const asked: string[] = []
    const run: RunCommand = (program) => {
      asked.push(program)
      return Promise.resolve({ code: 0, stdout: JSON.stringify(facts(minor, venv)), lines: [] })
    }
    let now = 0
    const precheck = createPrecheck({ env: {}, platform, files, run }, () => now)
    return { precheck, asked, wait: (ms: number) => void (now += ms) }
  }

  it('says that its Python is too old, which one is needed, and how to get it', async () => {
    const problem = await check(machine('/usr/bin/python3', '/usr/bin/apt-get'), 9).precheck()
    expect(problem?.message).toContain('/usr/bin/python3: it is Python 3.9.2; 3.11 to 3.14 is needed')
    expect(problem?.hint).toContain('uv')
    expect((await check(machine('/usr/bin/python3', '/usr/bin/dnf'), 9).precheck())?.hint).toBe('sudo dnf install python3.12')
    const onMac = machine('/opt/homebrew/bin/python3', '/opt/homebrew/bin/brew')
    expect((await check(onMac, 9, true, mac).precheck())?.hint).toBe('brew install python@3.12')
  })

  it('asks for the venv module where only that is missing', async () => {
    const problem = await check(machine('/usr/bin/python3', '/usr/bin/apt-get'), 11, false).precheck()
    expect(problem?.hint).toBe('sudo apt install python3 python3-venv')
  })

  it('is none with a good Python or with uv, and is not asked again at every look', async () => {
    const good = check(machine('/usr/bin/python3'), 12)
    expect(await good.precheck()).toBeNull()
    expect(await good.precheck()).toBeNull()
    expect(good.asked).toHaveLength(1)
    good.wait(60_000)
    await good.precheck()
    expect(good.asked).toHaveLength(2)
    expect(await check(machine('/usr/bin/python3', '/usr/bin/uv'), 9).precheck()).toBeNull()
  })
})

describe('PATH of the user’s own shell', () => {
  const ask = (stdout: string, code: number | null = 0, env: Record<string, string> = { SHELL: '/bin/zsh', PATH: '/bin' }) => {
    const asked: (readonly string[])[] = []
    const run: RunCommand = (_program, args) => {
      asked.push(args)
      return Promise.resolve({ code, stdout, lines: [] })
    }
    return { asked, path: askLoginShell(run, env, new AbortController().signal) }
  }

  it('is read between marks from an interactive login shell, whatever that prints', async () => {
    const { asked, path } = ask('Welcome!\n<mlxk>/opt/pyenv/shims:/bin</mlxk>\n')
    expect(await path).toBe('/opt/pyenv/shims:/bin')
    expect(asked[0]?.[0]).toBe('-ilc')
  })

  it('is not known where there is no shell, where it fails or hangs, or where it says nothing new', async () => {
    expect(await ask('<mlxk>/x</mlxk>', null).path).toBeNull()
    expect(await ask('<mlxk>/bin</mlxk>').path).toBeNull()
    const none = ask('', 0, {})
    expect(await none.path).toBeNull()
    expect(none.asked).toEqual([])
  })

  it('finds a Python that nothing else finds', async () => {
    const facts = {
      version: '3.12.1',
      minor: [3, 12],
      implementation: 'CPython',
      machine: 'x86_64',
      free_threaded: false,
      libc: ['glibc', '2.36'],
      macos: '',
      venv: true,
      executable: '/opt/odd/python3.12',
      site_packages: '/x',
      packages: { mlx: null, mlx_lm: null, transformers: null },
    }
    const run: RunCommand = () => Promise.resolve({ code: 0, stdout: JSON.stringify(facts), lines: [] })
    const deps = { env: {}, platform: linux, files: machine('/opt/odd/python3.12'), run }
    const { signal } = new AbortController()
    await expect(findTools(deps, signal)).rejects.toMatchObject({ code: 'engine_missing' })
    const found = await findTools({ ...deps, loginPath: () => Promise.resolve('/opt/odd') }, signal)
    expect(found.python?.path).toBe('/opt/odd/python3.12')
  })
})
