import type { HealthReport } from '../../../shared/contract'
import type { CliCommand } from '../command'
import type { Context } from '../context'
import { projectHealth } from '../output/project'
import { safeLine } from '../output/text'

interface HealthOptions {
  exitCode?: boolean
}

const examples = `
Examples:
  mlxk health                  every model
  mlxk health Llama-3.2-1B     one model
  mlxk health --exit-code      exit 1 when a model is unhealthy
  mlxk2 health | jq .summary`

export const health: CliCommand = {
  define: (command, submit) => {
    command
      .argument('[model]', 'a name, part of a name, or name@hash')
      .option('--exit-code', 'exit 1 when a model is unhealthy')
      .addHelpText('after', examples)
      .action((model: string | undefined, options: HealthOptions) => submit((context) => checkHealth(context, model, options)))
  },
}

async function checkHealth(context: Context, model: string | undefined, options: HealthOptions) {
  const { openCatalog } = await import('../services/catalog')
  const data = await openCatalog(context).health(model)
  return {
    data,
    projected: projectHealth(data),
    exitCode: options.exitCode === true && data.summary.unhealthy_count > 0 ? (1 as const) : (0 as const),
    print: () => printReport(context, data),
  }
}

function printReport(context: Context, { healthy, unhealthy, summary }: HealthReport): void {
  const { paint } = context
  if (summary.total === 0) {
    context.note('There are no models to check.')
    context.note(`  Try "${context.program} demo".`)
    return
  }
  if (summary.total !== 1) {
    context.say(`Summary: total ${summary.total}, healthy ${summary.healthy_count}, unhealthy ${summary.unhealthy_count}`)
  }
  for (const entry of [...healthy, ...unhealthy]) {
    const status = entry.status === 'healthy' ? paint.green('healthy  ') : paint.red('unhealthy')
    context.say(safeLine(`${status} ${entry.name} — ${entry.reason}`))
    // The reason is the first finding; the others matter to whoever mends the model.
    for (const finding of entry.findings.slice(1)) {
      context.say(safeLine(`            ${finding.file === null ? '' : `${finding.file}: `}${finding.message}`))
    }
  }
}
