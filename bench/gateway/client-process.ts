import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Order } from './clients.ts'

export type ClientProcess = { readonly run: (order: Order) => Promise<void>; readonly end: () => void }

export function clientProcess(): ClientProcess {
  const child = fork(new URL('./clients.ts', import.meta.url), { stdio: 'inherit', execArgv: ['--no-warnings'] })
  return {
    async run(order) {
      child.send(order)
      const [answer] = (await once(child, 'message')) as [{ readonly error?: string }]
      if (answer.error !== undefined) throw new Error(answer.error)
    },
    end: () => child.disconnect(),
  }
} // prettier-ignore
