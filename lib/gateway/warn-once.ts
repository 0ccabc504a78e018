import type { Logger } from './logger.ts'

const REMEMBERED = 1000

/**
 * Tells each thing once: a client that is refused every second, or a flood of them, must not fill the log. What
 * was told before goes out as `info`.
 */
export function warnOnce(
  logger: Logger,
): (key: string, message: string, fields: Readonly<Record<string, unknown>>) => void {
  const told = new Set<string>()
  return (key, message, fields) => {
    if (told.has(key)) {
      logger.info(message, fields)
      return
    }
    if (told.size >= REMEMBERED) told.clear()
    told.add(key)
    logger.warn(message, fields)
  }
}
