/** The files of a fresh project, which uses the package as its README says. */
export type ProjectKind = 'esm' | 'commonjs' | 'typescript'

const APP = `
const gateway = await createGateway({ store: await sqliteStore('state/latchkey.db') })
gateway.method('notes.list', { scope: 'operator.read' }, () => ['water the plants'])
const app = express()
app.use(localClient())
app.use('/gateway', gateway.routes())
app.get('/whoami', (req, res) => { res.json(req.clientLocality) })
app.get('/notes', requireLocalClient(), (req, res) => { res.json(['water the plants']) })
const server = app.listen(0, '127.0.0.1', () => { console.log('port ' + PORT_OF(server)) })
gateway.attach(server, { path: '/gateway' })
process.once('SIGTERM', () => { server.close(); void gateway.close() })
`

// Two runs, because a program that passed a forwarded request on speaks for others from then on.
const TOOL = `
const [side = '', port = '', home = ''] = process.argv.slice(2)
const headers = side === 'far' ? { 'X-Forwarded-For': '203.0.113.7' } : {}
const at = 'http://127.0.0.1:' + port
const url = 'ws://127.0.0.1:' + port + '/gateway'
const identity = loadDeviceIdentity(home + '/' + side + '.json')
const call = { url, identity, headers, scopes: ['operator.read'], method: 'notes.list' }
const verdict = JSON.parse(await (await fetch(at + '/whoami', { headers })).text())
const notes = await fetch(at + '/notes', { headers })
const told = (error: unknown) => error instanceof PairingRequiredError ? error.reason : String(error)
const read = await callGateway(call).catch(told)
const admin = await callGateway({ ...call, scopes: ['operator.admin'], method: 'health' }).then(() => 'answered', told)
console.log(JSON.stringify({ reason: verdict.reason, status: notes.status, type: notes.headers.get('content-type'), read, admin }))
`

const PORT = 'server.address().port'
const UNTYPED_TOOL = TOOL.replace('error: unknown', 'error')
const TYPED_PORT = '(server.address() as { port: number }).port'

/** What a tool of every project prints, whatever it is written in and runs on: on this machine, and through a proxy. */
export const EXPECTED = {
  near: { reason: 'local', status: 200, read: ['water the plants'], admin: 'answered' },
  far: {
    reason: 'forwarding-untrusted',
    status: 403,
    type: 'application/problem+json',
    read: 'not-paired',
    admin: 'not-paired',
  },
}

export function projectFiles(kind: ProjectKind): {
  app: string
  tool: string
  files: Record<string, string>
} {
  if (kind === 'commonjs') {
    const wrapped = (head: string, body: string): string =>
      `${head}\nasync function main() {${body}}\nmain().catch((error) => { console.error(error); process.exit(1) })\n`
    return {
      app: 'app.cjs',
      tool: 'tool.cjs',
      files: {
        'app.cjs': wrapped(
          "const express = require('express')\nconst { createGateway } = require('latchkey')\nconst { localClient, requireLocalClient } = require('latchkey/express')\nconst { sqliteStore } = require('latchkey/store')",
          APP.replace('PORT_OF(server)', PORT),
        ),
        'tool.cjs': wrapped(
          "const { callGateway, loadDeviceIdentity, PairingRequiredError } = require('latchkey/client')",
          UNTYPED_TOOL,
        ),
      },
    }
  }
  const extension = kind === 'typescript' ? 'ts' : 'js'
  const port = kind === 'typescript' ? TYPED_PORT : PORT
  return {
    app: 'app.js',
    tool: 'tool.js',
    files: {
      [`app.${extension}`]: `import express from 'express'\nimport { createGateway, localClient, requireLocalClient, sqliteStore } from 'latchkey'\n${APP.replace('PORT_OF(server)', port)}`,
      [`tool.${extension}`]: `import { callGateway, loadDeviceIdentity, PairingRequiredError } from 'latchkey/client'\n${kind === 'typescript' ? TOOL : UNTYPED_TOOL}`,
    },
  }
}

/** Strict, and with the declarations of all packages checked: nothing is forgiven. */
export const TSCONFIG = {
  compilerOptions: {
    target: 'es2023',
    lib: ['es2023'],
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    types: ['node'],
  },
}
