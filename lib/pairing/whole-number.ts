/** True for whole numbers that are exact. */
export function isWholeNumber(value: unknown): value is number {
  return Number.isSafeInteger(value)
}
