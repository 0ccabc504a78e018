import { describe, expect, it } from '@jest/globals'
import { describeProcess, parseStat, parseUids, readStat } from '../../../lib/evidence/linux/proc-process.ts'
import { isPlainRing } from '../../../lib/evidence/linux/ring-sign.ts'
import { isBrowser } from '../../../lib/evidence/linux/browsers.ts'
import { ownUsers } from '../../../lib/evidence/linux/own-users.ts'
import { printableName } from '../../../lib/evidence/linux/printable-name.ts'

const STAT = ' S 3918 3917 3497 0 -1 4194304 97 0 0 0 0 0 0 0 20 0 1 0 93351 3133440 359'

describe('the state of a process', () => {
  it.each(['cat', 'Web Content', 'a) S 1 1 1 (b', 'tab\tand\nline', ''])(
    'is read whatever its name: %j',
    (comm) => {
      expect(parseStat(`3933 (${comm})${STAT}`)).toEqual({
        comm,
        parent: 3918,
        session: 3497,
        startTime: '93351',
      })
    },
  )

  it.each(['', '3933 (cat', '3933 (cat) S 1'])('is refused when it is cut: %j', (text) => {
    expect(() => parseStat(text)).toThrow()
  })

  it('has four users, and is refused with fewer', () => {
    expect(parseUids('Name:\tcat\nUid:\t1\t2\t3\t4\nGid:\t0\t0\t0\t0\n')).toEqual([1, 2, 3, 4])
    expect(() => parseUids('Name:\tcat\nUid:\t1\t2\n')).toThrow()
  })

  it('is found for this process, and not for one that is not there', () => {
    expect(describeProcess(process.pid)).toMatchObject({ pid: process.pid, parent: process.ppid })
    expect(() => readStat(4194305)).toThrow()
  })
})

describe('an io_uring', () => {
  const info = 'SqThread:\t-1\nUserFiles:\t0\nUserBufs:\t0\nPollList:\nCqOverflowList:\nNAPI:\tdisabled\n'
  it.each([
    ['hides nothing', info, true],
    ['has a registered file', info.replace('UserFiles:\t0', 'UserFiles:\t1'), false],
    ['has ten registered files', info.replace('UserFiles:\t0', 'UserFiles:\t10'), false],
    ['watches a file', info.replace('PollList:\n', 'PollList:\n  op=6, task_works=0\n'), false],
    ['does not tell its files', info.replace('UserFiles:\t0\n', ''), false],
    ['does not tell what it watches', info.replace('PollList:\n', ''), false],
    ['tells nothing', '', false],
  ])('%s', (_title, text, plain) => {
    expect(isPlainRing(text)).toBe(plain)
  })
})

describe('names', () => {
  it.each(['chrome', 'Chromium', 'firefox-bin', 'Web Content', 'chromium-browse', 'msedge'])(
    '%s is a browser',
    (name) => {
      expect(isBrowser(name)).toBe(true)
    },
  )
  it.each(['chromedriver', 'chromium-headless', 'node', 'fire', ''])('%s is none', (name) => {
    expect(isBrowser(name)).toBe(false)
  })
  it('are cleaned of what moves a cursor or turns text around, and cut', () => {
    expect(printableName('a\u001b[2J\nb\u202ec\u2028d')).toBe('a?[2J?b?c?d')
    expect(printableName('x'.repeat(100))).toHaveLength(64)
  })
})

describe('our users', () => {
  it('are the one this process runs as and those named', () => {
    const users = ownUsers(1000, [33], null)
    expect([1000, 33, 0].map((uid) => users.includes(uid))).toEqual([true, true, false])
  })
  it('never include the one that stands for every stranger', () => {
    expect(ownUsers(65534, [65534], 65534).includes(65534)).toBe(false)
  })
})
