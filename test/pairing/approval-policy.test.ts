import { describe, expect, test } from '@jest/globals'
import { approvalPolicy, scopeLattice, type ApprovalOptions } from '../../lib/pairing/index.ts'

const lattice = scopeLattice()
const asksOf = (...scopes: string[]) => [
  { role: 'node', scopes: [] },
  { role: 'operator', scopes },
]

describe.each<
  [keyof ApprovalOptions, 'needsCode' | 'needsSecondApprover', 'needsCode' | 'needsSecondApprover']
>([
  ['codeFor', 'needsCode', 'needsSecondApprover'],
  ['secondApproverFor', 'needsSecondApprover', 'needsCode'],
])('%s', (name, needs, other) => {
  const policy = approvalPolicy({ [name]: ['operator.write', 'photos.read'] }, lattice)

  test.each<[string[], boolean]>([
    [['operator.write'], true],
    [['operator.admin'], true],
    [['operator.read'], false],
    [['operator.read', 'photos.read'], true],
    [['photos.write'], false],
    [[], false],
  ])('is for what gives one of its scopes: %j, %s', (scopes, expected) => {
    expect(policy[needs](asksOf(...scopes))).toBe(expected)
    expect(policy[other](asksOf(...scopes))).toBe(false)
  })

  test('is for nothing by default', () => {
    for (const options of [{}, { [name]: [] }, { [name]: undefined }])
      expect(approvalPolicy(options, lattice)[needs](asksOf('operator.admin'))).toBe(false)
  })

  test.each([
    ['operator.admin'],
    [['']],
    [['operator.*']],
    [[7]],
    [[['operator.admin']]],
    [['photos.read', 'a b']],
    [null],
    [{}],
  ])('is a list of scopes, not %j', (given) => {
    const options = { [name]: given } as ApprovalOptions
    expect(() => approvalPolicy(options, lattice)).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message: expect.stringContaining(`approval.${name}: expected a list of scopes`) as unknown,
      }),
    )
  })
})

test('an option that is none is refused with the one that was meant', () => {
  expect(() => approvalPolicy({ codesFor: [] } as ApprovalOptions, lattice)).toThrow(
    /^approval: there is no option "codesFor"; did you mean codeFor\?$/,
  )
})
