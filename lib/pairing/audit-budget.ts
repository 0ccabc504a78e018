import type { PairingTransaction } from './pairing-store.ts'

/** Kept in the store: a restart starts no new hour, and gateways that share a store share it. */
const BUDGET = 'audit-budget'
const HOUR_MS = 60 * 60 * 1000

/** How much strangers may write into the log. */
export type AuditBudget = {
  /** True when there was something left to spend; else it is counted. */
  spend(): Promise<boolean>
  /** How many were left out in an hour that is over. Counts anew from there. */
  takeLeftOut(): Promise<number>
}

type Spent = { readonly startedAtMs: number; readonly spent: number; readonly leftOut: number }

export function auditBudget(tx: PairingTransaction, nowMs: number, perHour: number): AuditBudget {
  const fresh: Spent = { startedAtMs: nowMs, spent: 0, leftOut: 0 }
  const put = (state: Spent): Promise<void> => tx.putSetting(BUDGET, JSON.stringify(state))
  // Clocks of two processes differ a little; one that was set back must not stop the hour from ending.
  const isOver = ({ startedAtMs }: Spent): boolean => Math.abs(nowMs - startedAtMs) >= HOUR_MS

  async function current(): Promise<Spent> {
    const text = await tx.setting(BUDGET)
    return text === null ? fresh : (parse(text) ?? fresh)
  }

  return {
    async spend() {
      const found = await current()
      const state = isOver(found) ? fresh : found
      const hasLeft = state.spent < perHour
      await put(hasLeft ? { ...state, spent: state.spent + 1 } : { ...state, leftOut: state.leftOut + 1 })
      return hasLeft
    },
    async takeLeftOut() {
      const { leftOut, ...found } = await current()
      if (leftOut === 0 || !isOver({ leftOut, ...found })) return 0
      await put(fresh)
      return leftOut
    },
  }
}

function parse(text: string): Spent | null {
  try {
    const { startedAtMs, spent, leftOut } = JSON.parse(text) as Partial<Record<keyof Spent, unknown>>
    if (typeof startedAtMs === 'number' && typeof spent === 'number' && typeof leftOut === 'number')
      return { startedAtMs, spent, leftOut }
  } catch {
    // Falls through: counted anew.
  }
  return null
}
