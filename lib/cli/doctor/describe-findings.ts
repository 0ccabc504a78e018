import { printable } from '../printable.ts'
import type { Terminal, Tone } from '../terminal.ts'
import type { Finding, Level } from './finding.ts'

const TONES: Readonly<Record<Level, Tone & ('good' | 'bad' | 'doubtful')>> = {
  green: 'good',
  yellow: 'doubtful',
  red: 'bad',
}

/** One line for each finding, one for its advice, and how many there are of each. */
export function describeFindings(findings: readonly Finding[], { marks, paint }: Terminal): string {
  const width = Math.min(16, Math.max(...findings.map(({ check }) => check.length)))
  const lines = findings.flatMap(({ check, level, saw, advice }) => {
    const tone = TONES[level]
    const name = printable(check).padEnd(width)
    const line = `${paint(tone, marks[tone])} ${level.padEnd(6)} ${name}  ${printable(saw)}`
    return advice === undefined ? [line] : [line, `           ${printable(advice)}`]
  })
  const count = (level: Level): number => findings.filter((finding) => finding.level === level).length
  return [...lines, '', `${count('green')} green, ${count('yellow')} yellow, ${count('red')} red`].join('\n')
}
