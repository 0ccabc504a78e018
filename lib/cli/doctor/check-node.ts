import { green, red, yellow, type Finding } from './finding.ts'

/** From these on, Node no longer drops header fields of a flood in silence. */
const FIXED: ReadonlyMap<number, readonly [number, number]> = new Map([
  [22, [23, 2]],
  [24, [18, 1]],
  [26, [5, 1]],
])
const FLOOD = 'a flood of header fields can push out the forwarding header'
const UPDATE = 'Update to Node 22.23.2, 24.18.1, 26.5.1 or newer.'

/** @param version such as `24.18.1` */
export function checkNode(version: string, whose: string): Finding {
  const match = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version)
  if (match === null) return yellow('node', `${whose} runs Node ${version}, whatever that is`, UPDATE)
  const [major = 0, minor = 0, patch = 0] = match.slice(1).map(Number)
  const saw = `${whose} runs Node ${version}`
  if (major < 22 || (major === 22 && minor < 14)) return red('node', `${saw}: too old for Latchkey`, UPDATE)
  if (major > 26) return green('node', saw)
  const [fixedMinor, fixedPatch] = FIXED.get(major) ?? [Infinity, 0]
  const isFixed = minor > fixedMinor || (minor === fixedMinor && patch >= fixedPatch)
  return isFixed ? green('node', saw) : yellow('node', `${saw}: ${FLOOD}`, UPDATE)
}
