/**
 * A function of a text with a memory of a fixed size. Whoever floods it with other texts makes it forget, and nothing
 * else; texts that are too long to be of use are not kept.
 */
export function remembered<T extends object | string | boolean | null>(
  compute: (text: string) => T,
  { entries, maxLength }: { readonly entries: number; readonly maxLength: number },
): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined) return found
    const result = compute(text)
    if (text.length <= maxLength) {
      if (known.size >= entries) known.clear()
      known.set(text, result)
    }
    return result
  }
}
