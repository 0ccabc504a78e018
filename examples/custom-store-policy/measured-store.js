/**
 * A store around another one: what goes through it is measured. All that it has to keep is the contract of
 * `transaction`: one call, the same result, the same error.
 *
 * @param {import('latchkey').PairingStore} store
 */
export function measuredStore(store) {
  const counts = { transactions: 0, failed: 0, slowestMs: 0 }
  /** @type {import('latchkey').PairingStore} */
  const measured = {
    async transaction(work) {
      const startedAt = performance.now()
      counts.transactions += 1
      try {
        return await store.transaction(work)
      } catch (error) {
        // Also refusals: a transaction that rejects is rolled back, and its error is the answer.
        counts.failed += 1
        throw error
      } finally {
        counts.slowestMs = Math.max(counts.slowestMs, Math.round(performance.now() - startedAt))
      }
    },
    close: () => store.close(),
    // Says whether the audit log is worth remembering elsewhere: pass it on.
    isVolatile: store.isVolatile ?? false,
  }
  return { store: measured, counts }
}
