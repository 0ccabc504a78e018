import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { callGateway, createDeviceIdentity } from '../../../lib/client/index.ts'
import { runGateway, until, type RunningGateway } from '../../gateway/running-gateway.ts'
import { freePorts } from '../../proxies/free-ports.ts'
import { describeWith, programPath } from '../../proxies/required-programs.ts'
import { runCli, scratchFolder } from '../cli-process.ts'

type Finding = { check: string; level: string; saw: string; advice?: string }
type Report = {
  code: number
  ok: boolean
  findings: Finding[]
  levelOf: (check: string) => string | undefined
}

let folder: ReturnType<typeof scratchFolder>
beforeAll(() => {
  folder = scratchFolder()
})
afterAll(() => folder.remove())

async function doctor(url: string, ...args: string[]): Promise<Report> {
  const all = ['doctor', ...args, '--url', url, '--home', path.join(folder.path, 'home'), '--json']
  const { code, stdout } = await runCli([...all, '--state-dir', path.join(folder.path, 'none')])
  const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: Finding[] }
  return { code, ok, findings, levelOf: (check) => findings.find((finding) => finding.check.startsWith(check))?.level }
} // prettier-ignore

test('no gateway is red, and the rest is looked at all the same', async () => {
  const report = await doctor('ws://127.0.0.1:9/gateway', 'http://127.0.0.1:1/')
  expect([report.code, report.ok, report.levelOf('gateway')]).toEqual([1, false, 'red'])
  expect(report.levelOf('node')).toBeDefined()
  expect(report.levelOf('probe')).toBe('yellow')
})

test('what cannot be read is named', async () => {
  const missing = path.join(folder.path, 'nginx.conf')
  const report = await doctor('ws://127.0.0.1:9/gateway', '--nginx-conf', missing)
  expect(report.findings.find(({ check }) => check === 'nginx')).toMatchObject({
    level: 'yellow',
    saw: `${missing} cannot be read: ENOENT`,
  })
})

const RIGHT = [
  'proxy_http_version 1.1;',
  'proxy_set_header Upgrade $http_upgrade;',
  'proxy_set_header Connection "upgrade";',
  'proxy_set_header Host $host;',
  'proxy_set_header X-Forwarded-For $remote_addr;',
]
const WRONG = [...RIGHT.slice(0, 3), 'proxy_set_header Host localhost;']

describeWith(['nginx'], 'behind a real nginx', () => {
  let running: RunningGateway
  beforeAll(async () => {
    running = await runGateway({}, (request, response) => {
      request.url = (request.url ?? '').replace(/^\/gateway(?=\/)/, '')
      running.gateway.routes()(request, response, () => response.writeHead(404).end())
    })
  })
  afterAll(() => running.close())

  async function behind<T>(lines: readonly string[], run: (url: string, conf: string) => Promise<T>): Promise<T> {
    const [port = 0] = await freePorts(1)
    const home = path.join(folder.path, `nginx-${port}`)
    mkdirSync(home)
    const conf = path.join(home, 'nginx.conf')
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${home}/${name};`)
    writeFileSync(
      conf,
      [
        `daemon off; master_process off; pid ${home}/pid; error_log ${home}/error.log; events {}`,
        `http { access_log off; ${temporary.join(' ')}`,
        `server { listen 127.0.0.1:${port}; location / {`,
        `proxy_pass http://127.0.0.1:${running.port};`,
        ...lines,
        '} } }',
      ].join('\n'),
    )
    const child = spawn(programPath('nginx') ?? 'nginx', ['-p', home, '-c', conf, '-e', `${home}/error.log`], { stdio: 'ignore' })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    try {
      await until(() => accepts(port))
      return await run(`http://127.0.0.1:${port}`, conf)
    } finally {
      child.kill('SIGTERM')
      await ended
    }
  } // prettier-ignore

  test('a wrong recipe looks local: red, exit 1, and the gateway is tainted until a clean probe', async () => {
    const wrong = await behind(WRONG, (url, conf) => doctor(running.url, url, '--nginx-conf', conf))
    expect([wrong.code, wrong.ok, wrong.levelOf('probe')]).toEqual([1, false, 'red'])
    expect(wrong.findings.filter(({ check }) => check === 'nginx').map(({ level, saw }) => `${level} ${saw.replace(/^.*nginx\.conf/, '')}`)).toEqual([
      expect.stringMatching(/^red :4 X-Forwarded-For is not set/),
      expect.stringMatching(/^red :8 Host is rewritten to "localhost"/),
    ])
    expect(wrong.findings.at(-1)).toMatchObject({ check: 'taint', level: 'red', saw: expect.stringMatching(/^set:/) })

    // Still wrong: the taint hides it from the gateway, not from the doctor.
    const again = await behind(WRONG, (url) => doctor(running.url, url))
    expect([again.code, again.levelOf('probe'), again.levelOf('taint')]).toEqual([1, 'red', 'yellow'])

    const right = await behind(RIGHT, (url, conf) => doctor(running.url, url, '--nginx-conf', conf))
    expect([right.code, right.levelOf('probe'), right.levelOf('nginx')]).toEqual([0, 'green', 'green'])
    expect(right.findings.at(-1)).toMatchObject({ check: 'taint', level: 'green' })
    expect((await doctor(running.url)).levelOf('taint')).toBe('green')
  }) // prettier-ignore

  test('what was found last is kept by the gateway, for its console', async () => {
    const report = await doctor(running.url, 'https://name:pass@127.0.0.1:1/?key=hidden')
    const identity = createDeviceIdentity()
    const method = 'doctor.findings.get'
    const { url } = running
    const kept = await callGateway({ url, identity, scopes: ['operator.admin'], method, timeoutMs: 10_000 })
    expect(kept).toEqual({ run: { ranAtMs: expect.any(Number), findings: report.findings, leftOut: 0 } })
    expect(JSON.stringify(kept)).not.toMatch(/pass@|hidden/)
  })

  test('the owner is let in silently, and told what the gateway says of itself', async () => {
    const report = await doctor(running.url)
    expect(report.code).toBe(0)
    expect(report.findings.find(({ check }) => check === 'gateway')?.saw).toContain(running.gateway.id)
    expect(report.findings.find(({ check }) => check === 'own call')?.saw).toBe(
      'silent, assurance local-secret',
    )
    expect(report.levelOf('listener')).toBe('green')
    expect(report.levelOf('secret file')).toBe('green')
  })
})

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
