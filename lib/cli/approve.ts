import type { Command } from 'commander'
import { LatchkeyError } from '../errors.ts'
import { callAsOwner, listPairings, print, type CommonOptions } from './cli-context.ts'
import { printable } from './printable.ts'
import { describeRequest } from './requests.ts'

type Approved = {
  readonly device: { readonly roles: readonly string[]; readonly approvedScopes: readonly string[] }
}

export function addApprove(program: Command): void {
  program
    .command('approve')
    .description('approve a request as it was shown to you')
    .argument('<id>', 'id of the request, from `latchkey requests`')
    .option('--digest <digest>', 'digest of the request: what is granted is what it stands for')
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions & { digest?: string }>()
      const { pending } = await listPairings(options)
      const request = pending.find((candidate) => candidate.requestId === id)
      if (options.digest === undefined) {
        const shown = request === undefined ? '' : `\n\n${describeRequest(request)}`
        throw new LatchkeyError(
          'INVALID_REQUEST',
          `--digest is missing: look at the request, then approve what you saw.${shown}`,
        )
      }
      // Nobody grants a scope that it does not hold; operator.admin gives those that begin with operator.
      const beyondOperator = (request?.scopes ?? []).filter((scope) => !scope.startsWith('operator.'))
      const result = await callAsOwner(
        options,
        'device.pair.approve',
        { requestId: id, digest: options.digest },
        beyondOperator,
      )
      print(options, result, () => {
        const { device } = result as Approved
        const scopes = device.approvedScopes.map(printable).join(', ') || 'no scopes'
        return `Approved. The device may now connect as ${device.roles.map(printable).join(', ')} with ${scopes}.`
      })
    })
}
