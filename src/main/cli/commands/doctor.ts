import { constants } from 'node:fs'
import { access, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { CacheRootState } from '../../../shared/contract'
import type { DoctorReport, RunningOwner } from '../../../shared/contract/documents'
import { version } from '../../../shared/version'
import { chooseServer } from '../../core/settings'
import { findObstacle, readVariable, type Env, type Obstacle } from '../../core/system'
import type { CliCommand, Outcome } from '../command'
import type { Context } from '../context'
import { formatSize } from '../output/text'
import { describeVersions } from './engine'

type FolderState = DoctorReport['data_folder']
type Problem = DoctorReport['problems'][number]

const little = 2_000_000_000

const examples = `
Changes nothing. Exits 0 whatever it finds.

Examples:
  mlxk doctor
  mlxk doctor --json | jq .data.problems`

export const doctor: CliCommand = {
  define: (command, submit) => {
    command.addHelpText('after', examples).action(() => submit(examine))
  },
}

async function examine(context: Context): Promise<Outcome> {
  const [{ connectToOwner, toRunningOwner }, { openCatalog, openSettings }, { openEngine }] = await Promise.all([
    import('../services/owner'),
    import('../services/catalog'),
    import('../services/engine'),
  ])
  const [running, list, engine] = await Promise.all([
    connectToOwner(context),
    openCatalog(context).list(),
    openEngine(context).then((access) => access.status()),
  ])
  const owner = running === null ? null : toRunningOwner(running)
  const settings = openSettings(context)
  const { port } = chooseServer({}, context.env, settings.read())
  const roots = await Promise.all(list.roots.map(async (root) => ({ ...root, free_bytes: await freeBytes(root.path) })))
  const facts = {
    version,
    node: process.versions.node,
    platform: process.platform,
    arch: process.arch,
    data_folder: await inspectDataFolder(context),
    roots,
    engine,
    owner,
    api: await inspectPort(context, port.value, owner),
    settings_problems: settings.problems().map(({ message }) => message),
  }
  const report: DoctorReport = { ...facts, problems: findProblems(facts, findObstacle) }
  return { data: report, print: () => printReport(context, report) }
}

/** Bytes that this user may still write where the path lies, or would lie; null when that cannot be known. */
async function freeBytes(path: string): Promise<number | null> {
  for (let folder = path; ; folder = dirname(folder)) {
    try {
      const { bavail, bsize } = await statfs(folder)
      return bavail * bsize
    } catch {
      if (dirname(folder) === folder) return null
    }
  }
}

async function inspectDataFolder({ env, paths }: Context): Promise<FolderState> {
  const writable = (path: string): Promise<boolean> =>
    access(path, constants.R_OK | constants.W_OK | constants.X_OK).then(
      () => true,
      () => false,
    )
  const exists = await access(paths.root).then(
    () => true,
    () => false,
  )
  const obstacle = findObstacle(paths.root)
  const judge = async (): Promise<Pick<FolderState, 'state' | 'reason'>> => {
    if (obstacle !== null) return { state: 'not_a_folder', reason: aboutObstacle(obstacle, paths.root) }
    if (!exists) return { state: 'missing', reason: null }
    return (await writable(paths.root)) ? { state: 'ok', reason: null } : { state: 'not_writable', reason: 'It cannot be written.' }
  }
  return { path: paths.root, rule: dataFolderRule(env), ...(await judge()), free_bytes: await freeBytes(paths.root) }
}

function dataFolderRule(env: Env): string {
  if (readVariable(env, 'MLXK_HOME') !== undefined) return 'MLXK_HOME'
  return process.platform !== 'darwin' && readVariable(env, 'XDG_DATA_HOME') !== undefined ? 'XDG_DATA_HOME' : 'default'
}

async function inspectPort(context: Context, port: number, owner: RunningOwner | null): Promise<DoctorReport['api']> {
  if (owner?.api_url !== undefined && owner.api_url !== null) {
    return { port: Number(new URL(owner.api_url).port), state: 'ours', pid: owner.pid, process: null }
  }
  const { createPortUserFinder } = await import('../../server/http')
  const { isPortFree } = await import('../port-probe')
  if (await isPortFree(port)) return { port, state: 'free', pid: null, process: null }
  const user = await createPortUserFinder(context.platform.os)(port)
  return { port, state: 'taken', pid: user?.pid ?? null, process: user?.process ?? null }
}

/** `It is a file, not a folder.`, or of which part of the path that is said. */
function aboutObstacle({ path, what }: Obstacle, whole: string): string {
  return `${path === whole ? 'It' : path} ${what}.`
}

/** The way out for a folder of models that cannot be read. */
function mendRoot({ path, rule }: DoctorReport['roots'][number], obstacle: Obstacle | null): string {
  if (obstacle === null) return `chmod u+rX ${quote(path)}`
  const byVariable = /^[A-Z_]+$/.test(rule)
  const other = byVariable ? `, or name another folder with ${rule}` : rule === 'settings' ? ', or take it out of the settings' : ''
  return `Move ${obstacle.path} out of the way${other}`
}

function findDataFolderProblems({ state, path, reason }: FolderState, obstacleAt: (path: string) => Obstacle | null): Problem[] {
  if (state === 'not_writable') return [{ what: `The data folder ${path} cannot be written.`, mend: `chmod u+rwx ${quote(path)}` }]
  if (state !== 'not_a_folder') return []
  const mend = `Move ${obstacleAt(path)?.path ?? path} out of the way, or name another data folder with MLXK_HOME`
  return [{ what: `The data folder ${path} cannot be used. ${reason ?? ''}`.trim(), mend }]
}

/** @param obstacleAt what stands in the way of a folder; looks at the disk */
export function findProblems(
  { data_folder: data, roots, engine, api, settings_problems: settings }: Omit<DoctorReport, 'problems'>,
  obstacleAt: (path: string) => Obstacle | null,
): Problem[] {
  const problems: Problem[] = []
  const add = (what: string, mend: string): unknown => problems.push({ what, mend })
  problems.push(...findDataFolderProblems(data, obstacleAt))
  for (const root of roots) {
    if (root.state === 'unreadable')
      add(`${root.path}: ${root.reason ?? 'it cannot be read'}`, mendRoot(root, obstacleAt(root.path)))
    else if (root.state === 'unplugged' || root.state === 'slow')
      add(`${root.path}: ${root.reason ?? root.state}`, 'Connect its volume, or take the folder out of the settings.')
  }
  // Where there is no folder there is no file to correct.
  if (data.state !== 'not_a_folder') for (const message of settings) add(message, 'Correct settings.json')
  if (engine.state === 'missing' || engine.state === 'broken') {
    add(engine.reason ?? `The engine is ${engine.state}.`, engine.hint ?? 'mlxk engine install')
  }
  if (api.state === 'taken') {
    const by = api.pid === null ? 'another program' : `${api.process ?? 'a process'} (pid ${api.pid})`
    add(`The API's port ${api.port} is used by ${by}.`, `mlxk serve --port ${api.port + 1}, or stop that program`)
  }
  const disks = [data, ...roots].filter((place) => place.free_bytes !== null && place.free_bytes < little)
  const fullest = disks[0]
  if (fullest !== undefined)
    add(`Only ${formatSize(fullest.free_bytes ?? 0)} are free at ${fullest.path}.`, 'Free some space there')
  return problems
}

const quote = (path: string): string => (/^[\w./@-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`)

function printReport(context: Context, report: DoctorReport): void {
  const { paint } = context
  const mark = (good: boolean): string => (good ? paint.green('ok') : paint.yellow('!!'))
  const free = (bytes: number | null): string => (bytes === null ? '' : `, ${formatSize(bytes)} free`)
  const line = (good: boolean, label: string, text: string): void => context.say(`${mark(good)} ${label.padEnd(12)} ${text}`)
  const { data_folder: data, engine, owner, api } = report
  line(true, 'MLX Knife', `${report.version}, Node ${report.node}, ${report.platform} ${report.arch}`)
  line(
    data.state === 'ok' || data.state === 'missing',
    'Data folder',
    `${data.path} (${data.rule}${data.state === 'ok' ? '' : `, ${stateWords[data.state]}`}${free(data.free_bytes)})`,
  )
  for (const root of report.roots) {
    const state = root.state === 'ok' ? '' : `, ${rootWords[root.state]}`
    line(
      root.state !== 'unreadable' && root.state !== 'unplugged' && !(root.state === 'missing' && root.kind === 'extra'),
      root.kind === 'primary' ? 'Cache' : `${root.kind} models`,
      `${root.path} (${root.rule}${state}${free(root.free_bytes)})`,
    )
  }
  line(engine.state === 'ready', 'Engine', engine.versions === null ? engine.state : `${engine.state}, ${describeVersions(engine)}`)
  if (engine.python !== null) line(true, 'Python', engine.python)
  line(true, 'Running', owner === null ? 'nothing' : `${owner.kind}, pid ${owner.pid}, API ${owner.api_url ?? 'stopped'}`)
  line(
    api.state !== 'taken',
    'API port',
    `${api.port} ${api.state === 'ours' ? '(served by the running MLX Knife)' : `(${api.state})`}`,
  )
  if (report.problems.length === 0) return
  context.say('')
  for (const { what, mend } of report.problems) context.say(`${paint.yellow('!!')} ${what}\n     ${mend}`)
}

const rootWords: Record<CacheRootState['state'], string> = {
  ok: 'ok',
  missing: 'not there yet',
  unreadable: 'unreadable',
  unplugged: 'not connected',
  slow: 'slow',
  read_only: 'read-only',
}

const stateWords: Record<FolderState['state'], string> = {
  ok: 'ok',
  missing: 'not there yet',
  not_writable: 'not writable',
  not_a_folder: 'not a folder',
}
