import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { CLOSE } from '../protocol/index.ts'
import type { GatewayCore } from './gateway-core.ts'

const REASON = 'the gateway is closing'

/**
 * Ends all connections in order: nothing new is taken, what is under way is finished or takes too long, and the
 * clients are told to come back at different moments.
 */
export async function drain(core: GatewayCore): Promise<void> {
  const { sessions, unauthenticated, limits, answers } = core
  core.isClosing = true
  const done = new AbortController()
  const late = sleep(limits.drainMs, undefined, { signal: done.signal }).catch(() => undefined)
  const ends = [...sessions.all()].map((session) =>
    session.endForRestart(Math.floor(Math.random() * limits.restartSpreadMs), late),
  )
  const answered = [...answers].map((answer) => Promise.race([once(answer, 'close'), late]))
  await Promise.all([...ends, ...answered, unauthenticated.drain(CLOSE.restart, REASON, late)])
  done.abort()
}
