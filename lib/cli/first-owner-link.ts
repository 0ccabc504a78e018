import { LatchkeyError } from '../errors.ts'
import type { Gateway } from '../gateway/index.ts'
import { consoleLink } from './console-link.ts'
import { printable } from './printable.ts'
import { setupCode } from './setup-code.ts'

const TTL_MS = 10 * 60_000

/**
 * As long as no owner has approved anything, prints how the first one can come from another machine. Whoever
 * reads the output can become the owner, for ten minutes, until somebody has.
 *
 * @param publicUrl the gateway as others reach it, when that is known
 */
export async function tellFirstOwner(
  gateway: Gateway,
  url: string,
  publicUrl: string | undefined,
): Promise<void> {
  const bootstrapToken = await inviteFirstOwner(gateway)
  if (bootstrapToken === null) return
  const link = consoleLink(publicUrl ?? url, bootstrapToken)
  console.log(
    '\nThis gateway has no owner yet. On this machine: latchkey open. From another one, become its owner with',
  )
  console.log('this link: it works once, within 10 minutes, for whoever opens it first. Show it to nobody.')
  console.log(`  ${link ?? 'no link can be made of this address'}`)
  if (publicUrl === undefined)
    console.log('There, put the public address of this machine in place of the one in the link.')
  else console.log(`Without a browser: latchkey join ${setupCode({ url: publicUrl, bootstrapToken })}`)
  console.log()
}

/** `null` when there is an owner, or when too many invitations are open to make another. */
async function inviteFirstOwner(gateway: Gateway): Promise<string | null> {
  try {
    const label = 'first owner'
    const options = { scopes: ['operator.admin'], ttlMs: TTL_MS, label, firstOwner: true }
    return (await gateway.invite(options)).bootstrapToken
  } catch (error) {
    if (!(error instanceof LatchkeyError)) throw error
    if (error.details?.code === 'OWNER_EXISTS') return null
    if (error.code !== 'RATE_LIMITED') throw error
    console.log(`No link for a first owner: ${printable(error.message)}`)
    return null
  }
}
