import { totalmem } from 'node:os'
import type { VersionInfo } from '../../../shared/contract/documents'
import { version } from '../../../shared/version'
import type { ProgramName } from '../argv'
import type { CliCommand, Outcome } from '../command'
import type { CliIo } from '../io'
import { projectVersion } from '../output/project'

/** The published JSON API of mlx-knife that form (a) follows. */
const jsonApiVersion = '0.2.3'

export function versionOutcome(io: Pick<CliIo, 'stdout'>, program: ProgramName): Outcome {
  const data: VersionInfo = {
    cli_version: version,
    json_api_spec_version: jsonApiVersion,
    system: { memory_total_bytes: totalmem() },
    node: process.versions.node,
    platform: process.platform,
    arch: process.arch,
  }
  return { data, projected: projectVersion(data), print: () => io.stdout.write(`${program} ${version}\n`) }
}

export const versionCommand: CliCommand = {
  define: (command, submit) => {
    command.action(() => submit(async ({ io, program }) => versionOutcome(io, program)))
  },
}
