import { userInfo } from 'node:os'
import path from 'node:path'

/**
 * The user's folder for keys and run-time secrets: `LATCHKEY_HOME`, else `.latchkey` in the home directory
 * that the system has for the user. Not `HOME`: a gateway and a cron job must find the same place.
 */
export function latchkeyHome(): string {
  const configured = process.env.LATCHKEY_HOME
  return configured === undefined || configured === ''
    ? path.join(userInfo().homedir, '.latchkey')
    : configured
}

/** Where gateways leave their secrets for clients of the same user. */
export function secretFolder(): string {
  return path.join(latchkeyHome(), 'run')
}
