/** What a role is, in plain words. */
const ROLES: Readonly<Record<string, string>> = {
  operator: 'calls the methods of this gateway',
  node: 'serves this gateway and is sent work',
}

/** What a scope lets its holder do, by the default rules. */
const SCOPES: Readonly<Record<string, string>> = {
  'operator.admin': 'Everything: all that an operator can do, and deciding on every device, as you do here',
  'operator.pairing': 'Look after its own pairing',
  'operator.write': 'Read and change',
  'operator.read': 'Read',
}

/** Those that make their holder an owner. */
const GREAT: ReadonlySet<string> = new Set(['operator.admin'])

export function roleInWords(role: string): string {
  return Object.hasOwn(ROLES, role) ? (ROLES[role] ?? '') : 'a role of this app'
}

export function scopeInWords(scope: string): string {
  return Object.hasOwn(SCOPES, scope) ? (SCOPES[scope] ?? '') : 'A scope of this app'
}

export function isGreat(scope: string): boolean {
  return GREAT.has(scope)
}

export type Ask = { readonly role: string; readonly scopes: readonly string[] }

/** What an approval would add to what the device holds by an owner's decision. */
export function gain(
  asks: readonly Ask[],
  held: readonly Ask[],
): { readonly roles: readonly string[]; readonly scopes: readonly string[] } {
  const heldRoles = new Set(held.map(({ role }) => role))
  const heldScopes = new Set(held.flatMap(({ scopes }) => scopes))
  const scopes = [...new Set(asks.flatMap((ask) => ask.scopes))].sort()
  return {
    roles: asks.map(({ role }) => role).filter((role) => !heldRoles.has(role)),
    scopes: scopes.filter((scope) => !heldScopes.has(scope)),
  }
}
