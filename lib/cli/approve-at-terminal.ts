import { LatchkeyError } from '../errors.ts'
import { listRequests, type CommonOptions } from './cli-context.ts'
import { describeRequest } from './describe-request.ts'
import { CliExit, EXIT } from './exit-codes.ts'
import { nameAndKey } from './find-device.ts'
import type { PairingList, PendingRecord } from './owner-records.ts'
import { printable } from './printable.ts'
import { openPrompt, type Prompt } from './prompt.ts'
import { sendApproval, sentence, type ApprovalFlags } from './send-approval.ts'

type Options = CommonOptions & ApprovalFlags

/** Lets somebody choose a request, look at it, type the code where one is needed, and say yes. */
export async function approveAtTerminal(options: Options, id: string | undefined): Promise<void> {
  const list = await listRequests(options)
  if (list.pending.length === 0) {
    console.log('Nobody is waiting.')
    return
  }
  const prompt = openPrompt()
  try {
    const request = id === undefined ? await choose(prompt, list) : requestOf(list, id)
    const device = list.paired.find((candidate) => candidate.deviceId === request.deviceId)
    console.log(`\n${describeRequest(request, device)}\n`)
    for (const line of narrowings(options)) console.log(line)
    await decide(prompt, options, request)
  } finally {
    prompt.close()
  }
}

function requestOf({ pending }: PairingList, id: string): PendingRecord {
  const found = pending.find((request) => request.requestId === id)
  if (found !== undefined) return found
  throw new LatchkeyError(
    'NOT_FOUND',
    `no request ${JSON.stringify(printable(id))} is waiting; see \`latchkey requests\``,
  )
}

async function choose(prompt: Prompt, { pending }: PairingList): Promise<PendingRecord> {
  pending.forEach((request, index) => {
    const scopes = request.scopes.map(printable).join(', ') || 'no scopes'
    console.log(`${String(index + 1).padStart(3)}  ${nameAndKey(request)}`)
    console.log(`     as ${request.roles.map(printable).join(', ')} with ${scopes}`)
  })
  for (;;) {
    const typed = await prompt.ask(`Which one? 1 to ${pending.length}, nothing to stop: `)
    if (typed === '') stop()
    const request = /^\d{1,6}$/.test(typed) ? pending[Number(typed) - 1] : undefined
    if (request !== undefined) return request
    console.log('There is no such number.')
  }
}

function narrowings({ role, scope, expires }: Options): string[] {
  return [
    ...(role === undefined ? [] : [`Of this, you approve the role ${role.map(printable).join(', ')} alone.`]),
    ...(scope === undefined ? [] : [`Of this, you approve ${scope.map(printable).join(', ')} alone.`]),
    ...(expires === undefined ? [] : [`It ends ${new Date(Date.now() + expires).toISOString()}.`]),
  ]
}

async function decide(prompt: Prompt, options: Options, request: PendingRecord): Promise<void> {
  const { hasCode, codeRequired } = request
  for (;;) {
    const code = codeRequired && hasCode ? (options.code ?? (await askCode(prompt))) : options.code
    const withoutCode = codeRequired && !hasCode
    const warning = withoutCode ? 'It shows no code: nothing proves that the request is its own. ' : ''
    const answer = await prompt.ask(`${warning}Approve ${nameAndKey(request)}? Type yes: `)
    if (answer.toLowerCase() !== 'yes') stop()
    const flags = {
      ...options,
      ...(code === undefined ? {} : { code }),
      ...(withoutCode ? { withoutCode } : {}),
    }
    try {
      console.log(sentence(await sendApproval(flags, request, request.scopes)))
      return
    } catch (error) {
      if (options.code !== undefined || !mayTryAgain(error)) throw error
      console.log(`Not approved: ${printable(error.message)}`)
    }
  }
}

async function askCode(prompt: Prompt): Promise<string> {
  for (;;) {
    const typed = await prompt.ask('The code that the device shows: ')
    if (typed === '') stop()
    // Eight digits: a slip of the finger must not cost one of the attempts.
    if (/^\d{8}$/.test(typed.replaceAll(/[\s-]/g, ''))) return typed
    console.log('Expected eight digits such as 4821-0937.')
  }
}

function mayTryAgain(error: unknown): error is LatchkeyError {
  if (!(error instanceof LatchkeyError) || error.details?.code !== 'WRONG_CODE') return false
  return Number(error.details.attemptsLeft) > 0
}

function stop(): never {
  console.log('Nothing was approved.')
  throw new CliExit(EXIT.failed)
}
