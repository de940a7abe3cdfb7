import { basename } from 'node:path'
import { processIo, runCli } from './index'

// The only code of the command line that owns the process. A handle that somebody forgot must not keep a finished command alive.
const program = basename(process.argv[1] ?? '').startsWith('mlxk2') ? 'mlxk2' : 'mlxk'
void runCli(process.argv.slice(2), processIo(), program).then((code) => process.exit(code))
