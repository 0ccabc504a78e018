import Type, { type Static } from 'typebox'
import { LatchkeyError } from '../errors.ts'
import { ADMIN_SCOPE } from '../pairing/index.ts'
import type { GatewayCore } from './gateway-core.ts'
import { paramsReader } from './params-reader.ts'

/** What moves a cursor, hides or reverses what follows: the doctor sends its findings without. */
const UNCLEAN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u
const MAX_CHECK = 128
const MAX_LINE = 512

const line = (maxLength: number) => Type.String({ minLength: 1, maxLength })
const FINDINGS = Type.Object(
  {
    findings: Type.Array(
      Type.Object(
        {
          check: line(MAX_CHECK),
          level: Type.Union([Type.Literal('green'), Type.Literal('yellow'), Type.Literal('red')]),
          saw: line(MAX_LINE),
          advice: Type.Optional(line(MAX_LINE)),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: 100 },
    ),
    // What there were beside these.
    leftOut: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
  },
  { additionalProperties: false },
)
const readFindings = paramsReader(FINDINGS)
const readNothing = paramsReader(Type.Object({}, { additionalProperties: false }))

/** The last run of the doctor, and when it was by the clock of the gateway. */
type DoctorRun = Static<typeof FINDINGS> & { readonly ranAtMs: number }

/** What `latchkey doctor` found last, for the owner's console. All need `operator.admin`. */
export function addDoctorMethods({ methods, service, config }: GatewayCore): void {
  methods.add('doctor.findings.set', { scope: ADMIN_SCOPE }, async ({ params, authority }) => {
    const { findings, leftOut } = readFindings(params)
    findings.forEach(requireClean)
    const run: DoctorRun = { ranAtMs: config.clock.now(), findings, leftOut }
    await service.keepDoctorRun(authority, JSON.stringify(run))
    return { ranAtMs: run.ranAtMs }
  })
  methods.add('doctor.findings.get', { scope: ADMIN_SCOPE }, async ({ params, authority }) => {
    readNothing(params ?? {})
    const text = await service.lastDoctorRun(authority)
    return { run: text === null ? null : parse(text) }
  })
}

/** @throws {LatchkeyError} INVALID_REQUEST */
function requireClean({ check, saw, advice = '' }: DoctorRun['findings'][number], index: number): void {
  const problem = (expected: string): LatchkeyError =>
    new LatchkeyError('INVALID_REQUEST', `params.findings.${index}: expected ${expected}`)
  // The schema counts what a person sees as one character, however many accents are piled upon it.
  if (check.length > MAX_CHECK || saw.length > MAX_LINE || advice.length > MAX_LINE)
    throw problem(`a check of at most ${MAX_CHECK} and texts of at most ${MAX_LINE} UTF-16 units`)
  if (UNCLEAN.test(check + saw + advice)) throw problem('text without control or invisible characters')
}

/** What cannot be read any more counts as no run: whoever looks is told to run it. */
function parse(text: string): DoctorRun | null {
  try {
    const { ranAtMs, ...given } = JSON.parse(text) as Partial<DoctorRun>
    return typeof ranAtMs === 'number' ? { ranAtMs, ...readFindings(given) } : null
  } catch {
    return null
  }
}
