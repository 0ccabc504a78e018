import { expect, test } from '@jest/globals'
import { warnOnce } from '../../lib/gateway/warn-once.ts'

function recording() {
  const lines: string[] = []
  const write = (level: string) => (message: string) => {
    lines.push(`${level} ${message}`)
  }
  return { lines, logger: { info: write('info'), warn: write('warn'), error: write('error') } }
}

test('each thing is a warning once, and information from then on', () => {
  const { lines, logger } = recording()
  const warn = warnOnce(logger)
  for (const key of ['a', 'b', 'a', 'a']) warn(key, key, {})
  expect(lines).toEqual(['warn a', 'warn b', 'info a', 'info a'])
})

test('what is remembered is bounded', () => {
  const { lines, logger } = recording()
  const warn = warnOnce(logger)
  warn('first', 'first', {})
  for (let i = 0; i < 1000; i += 1) warn(`flood ${i}`, 'flood', {})
  warn('first', 'first', {})
  expect(lines.filter((line) => line === 'warn first')).toHaveLength(2)
})
