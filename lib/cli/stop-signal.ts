/** A terminal and npm both pass on the same Ctrl-C. */
const SAME_MS = 500

/** Resolves when the process is asked to stop by one of these; asked once more, it ends at once. */
export function stopSignal(signals: readonly NodeJS.Signals[]): Promise<void> {
  let askedAt: number | null = null
  return new Promise((resolve) => {
    for (const signal of signals)
      process.on(signal, () => {
        const isSame = askedAt !== null && signal === 'SIGINT' && performance.now() - askedAt < SAME_MS
        if (askedAt !== null && !isSame) process.exit(1)
        askedAt ??= performance.now()
        resolve()
      })
  })
}
