import { expect, test } from '@jest/globals'
import { green, red, yellow, type Finding } from '../../../lib/cli/doctor/finding.ts'
import { handedFindings } from '../../../lib/cli/doctor/hand-to-gateway.ts'

test('lines are cleaned and cut, and say no secret of a URL', () => {
  const { findings, leftOut } = handedFindings([
    red('probe \u001B[2J', `a\nb \u202E ${'x'.repeat(600)}`, 'y'.repeat(600)),
    green('gateway', 'wss://ada:word@gateway.example/gateway?key=hidden#token answers'),
  ])
  expect(leftOut).toBe(0)
  const [cut, url] = findings
  expect(cut).toMatchObject({ check: 'probe \uFFFD[2J', level: 'red' })
  expect([cut?.saw.length, cut?.advice?.length]).toEqual([512, 512])
  expect(cut?.saw).toMatch(/^a\uFFFDb \uFFFD x+…$/)
  expect(url).toEqual({ check: 'gateway', level: 'green', saw: 'wss://…@gateway.example/gateway answers' })
})

test('of too many the worst stay', () => {
  const many: Finding[] = Array.from({ length: 100 }, (_, index) => green(`check ${index}`, 'well'))
  const { findings, leftOut } = handedFindings([...many, yellow('y', 's', 'a'), red('r', 's', 'a')])
  expect([findings.length, leftOut]).toEqual([100, 2])
  expect(findings.slice(0, 3).map(({ check }) => check)).toEqual(['r', 'y', 'check 0'])
})
