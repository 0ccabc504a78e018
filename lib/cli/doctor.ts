import type { Command } from 'commander'
import type { DoctorOptions } from './doctor/run-doctor.ts'
import { storeOption, withChosenStore } from './store-place.ts'

const AFTER_HELP = `
Exit codes: 0 nothing is red, 1 something is red (a probe that looks local is).

A probe that looks local taints the gateway: until a clean one, the kernel's word is not enough to be local.

Examples:
  latchkey doctor
  latchkey doctor https://gateway.example
  latchkey doctor --nginx-conf ./nginx.conf --json`

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('look for what could make a remote client look local')
    .argument('[public-url...]', 'addresses under which visitors reach the gateway; each is probed')
    .option('--state-dir <folder>', 'where the store is kept', process.env.LATCHKEY_STATE_DIR ?? '.latchkey')
    .addOption(storeOption())
    .option('--nginx-conf <file>', 'in place of nginx -T and /etc/nginx/nginx.conf')
    .option('--caddyfile <file>', 'in place of /etc/caddy/Caddyfile; a .json file is read as JSON')
    .option('--haproxy-cfg <file>', 'in place of /etc/haproxy/haproxy.cfg')
    .option('--apache-conf <file>', 'in place of /etc/apache2/apache2.conf')
    .addHelpText('after', AFTER_HELP)
    .action(async (publicUrls: readonly string[], _options: unknown, command: Command) => {
      // The other commands start faster without the readers of configurations.
      const { runDoctor } = await import('./doctor/run-doctor.ts')
      await runDoctor(publicUrls, withChosenStore(command, command.optsWithGlobals<DoctorOptions>()))
    })
}
