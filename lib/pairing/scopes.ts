/** Which scope gives which others. Data: an application can define its own. */
export type ScopeRules = Readonly<Record<string, readonly string[]>>

/**
 * `operator.admin` gives every scope that begins with `operator.`, `operator.write` gives `operator.read`.
 * A rule that ends in `.*` gives everything with that prefix.
 */
const DEFAULT_SCOPE_RULES: ScopeRules = {
  'operator.admin': ['operator.*'],
  'operator.write': ['operator.read'],
}

export type ScopeLattice = {
  /** True when a holder of `held` may do what asks for `scope`. */
  implies(held: readonly string[], scope: string): boolean
  /** Those of `asked` that `held` does not give, in the order asked. */
  missing(held: readonly string[], asked: readonly string[]): string[]
}

const SCOPE = /^[A-Za-z][A-Za-z0-9_-]*(?:[.:][A-Za-z0-9_-]+)*$/

/** Dotted words of letters, digits, `_` and `-`, at most 64 characters: nothing that could change a signed text. */
export function isScope(text: string): boolean {
  return text.length <= 64 && SCOPE.test(text)
}

/** Roles are written as scopes are. */
export const isRole = isScope

export function sortedUnion(...lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())].sort()
}

/** Follows rules transitively; a cycle is harmless. */
export function scopeLattice(rules: ScopeRules = DEFAULT_SCOPE_RULES): ScopeLattice {
  const table = new Map(Object.entries(rules))

  function implies(held: readonly string[], scope: string): boolean {
    const seen = new Set<string>()
    const queue = [...held]
    for (let current = queue.pop(); current !== undefined; current = queue.pop()) {
      if (current === scope) return true
      if (current.endsWith('.*') && scope.startsWith(current.slice(0, -1))) return true
      if (seen.has(current)) continue
      seen.add(current)
      queue.push(...(table.get(current) ?? []))
    }
    return false
  }

  return {
    implies,
    missing: (held, asked) => asked.filter((scope) => !implies(held, scope)),
  }
}
