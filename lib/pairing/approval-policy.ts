import { LatchkeyError, rejectUnknownKeys } from '../errors.ts'
import type { RoleAsk } from './pairing-request.ts'
import { isScope, type ScopeLattice } from './scopes.ts'

/** What the approval of a request takes beyond the approver's own authority. By default: nothing. */
export type ApprovalOptions = {
  /**
   * Scopes whose approver has to type the code that the device shows. They are risky, and so is every scope
   * that gives one of them. Default: none.
   */
  codeFor?: readonly string[]
  /**
   * Scopes that two different approvers have to agree on, of whom at most one may have been paired silently.
   * Says nothing of silent pairing: narrow that with `silent.scopes`. Default: none.
   */
  secondApproverFor?: readonly string[]
}

export type ApprovalPolicy = {
  needsCode(asks: readonly RoleAsk[]): boolean
  needsSecondApprover(asks: readonly RoleAsk[]): boolean
}

/** @throws {LatchkeyError} OPTION_UNKNOWN, OPTION_INVALID */
export function approvalPolicy(options: ApprovalOptions, lattice: ScopeLattice): ApprovalPolicy {
  rejectUnknownKeys('approval', options, ['codeFor', 'secondApproverFor'])
  return {
    needsCode: gives(lattice, parseScopes('codeFor', options.codeFor)),
    needsSecondApprover: gives(lattice, parseScopes('secondApproverFor', options.secondApproverFor)),
  }
}

function gives(lattice: ScopeLattice, scopes: readonly string[]): (asks: readonly RoleAsk[]) => boolean {
  return (asks) => {
    const asked = asks.flatMap((ask) => ask.scopes)
    return scopes.some((scope) => lattice.implies(asked, scope))
  }
}

function parseScopes(name: keyof ApprovalOptions, given: unknown = []): readonly string[] {
  if (Array.isArray(given) && given.every((scope) => typeof scope === 'string' && isScope(scope)))
    return given as string[]
  throw new LatchkeyError(
    'OPTION_INVALID',
    `approval.${name}: expected a list of scopes such as "operator.admin"`,
  )
}
