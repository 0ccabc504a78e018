/** Where the gateway tells what it does. `console` fits. */
export type Logger = {
  /** What happens in the ordinary course. */
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  /** What somebody should look at. */
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  /** What went wrong; the gateway goes on. */
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}

/** Errors go to `console.error`, the rest nowhere. */
export const QUIET: Logger = {
  info: () => undefined,
  warn: () => undefined,
  error: (message, fields) => console.error(`latchkey: ${message}`, fields ?? ''),
}

/** A logger that throws must not take a connection, or the process, with it. */
export function guarded(logger: Logger): Logger {
  const call =
    (level: keyof Logger): Logger['info'] =>
    (message, fields) => {
      const failed = (error: unknown): void => QUIET.error('the logger failed', { error })
      try {
        const asked: Readonly<Record<keyof Logger, (...args: Parameters<Logger['info']>) => unknown>> = logger
        Promise.resolve(asked[level](message, fields)).catch(failed)
      } catch (error) {
        failed(error)
      }
    }
  return { info: call('info'), warn: call('warn'), error: call('error') }
}
