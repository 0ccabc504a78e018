import type { Command } from 'commander'
import { LatchkeyError } from '../errors.ts'
import { approveAtTerminal } from './approve-at-terminal.ts'
import { listRequests, print, type CommonOptions } from './cli-context.ts'
import { collect } from './collect.ts'
import { describeRequest } from './describe-request.ts'
import { EXIT } from './exit-codes.ts'
import { isInteractive } from './prompt.ts'
import { readDuration } from './read-duration.ts'
import { sendApproval, sentence, type ApprovalFlags } from './send-approval.ts'

const AFTER_HELP = `
On a terminal it asks: which request, the code where one is needed, and the word
yes. A script says the id and the digest of what somebody has seen. There is no
way to approve whatever came last.

Exit codes: 0 approved, or half approved where two approvers are needed; 4 a
  wrong code, or not allowed; 6 the request has changed since it was shown.

Examples:
  latchkey approve
  latchkey approve 5f1c… --digest 9a3e…
  latchkey approve 5f1c… --digest 9a3e… --code 4821-0937 --scope operator.read --expires 2h`

export function addApprove(program: Command): void {
  program
    .command('approve')
    .description('approve a request as it was shown to you')
    .argument('[id]', 'id of the request, from `latchkey requests`; none: it asks')
    .option('--digest <digest>', 'digest of the request: what is granted is what it stands for')
    .option('--code <digits>', 'the code that the device shows, such as 4821-0937')
    .option('--without-code', 'approve although the device shows no code')
    .option('--role <role>', 'approve this role alone; repeat it', collect)
    .option('--scope <scope>', 'approve this scope alone; repeat it', collect)
    .option('--expires <time>', 'for so long only, such as 30m, 2h or 7d', readDuration)
    .addHelpText('after', AFTER_HELP)
    .action(async (id: string | undefined, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions & ApprovalFlags & { digest?: string }>()
      const mayAsk = isInteractive() && options.json !== true
      if (options.digest === undefined && mayAsk) return approveAtTerminal(options, id)
      if (id === undefined) {
        command.error('error: without an id this needs a terminal to ask at; say <id> --digest <digest>', {
          exitCode: EXIT.usage,
        })
      }
      const { pending, paired } = await listRequests(options)
      const request = pending.find((candidate) => candidate.requestId === id)
      if (options.digest === undefined) {
        const device = paired.find((candidate) => candidate.deviceId === request?.deviceId)
        const shown = request === undefined ? '' : `\n\n${describeRequest(request, device)}`
        throw new LatchkeyError(
          'INVALID_REQUEST',
          `--digest is missing: look at the request, then approve what you saw.${shown}`,
        )
      }
      const result = await sendApproval(options, { requestId: id, digest: options.digest }, request?.scopes)
      print(options, result, () => sentence(result))
    })
}
