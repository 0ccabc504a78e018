/** What `latchkey init` writes. A test runs it as it is, and with every line of settings switched on. */
export const CONFIG_TEMPLATE = `// Configuration of \`latchkey serve --config <this file>\`. What stands on the command line wins.
// Each setting that is commented out shows its default, or an example where there is none.

/** @type {import('latchkey').ServeConfig} */
export default {
  // Where to listen. Beyond loopback put a proxy that speaks TLS in front.
  // host: '127.0.0.1',
  // port: 4747,

  // The folder of the store.
  // stateDir: '.latchkey',

  // A PostgreSQL store in its place, which several gateways may share; or LATCHKEY_STORE_URL. Needs npm install pg.
  // store: 'postgres://latchkey@db.example/latchkey?sslmode=verify-full',

  // A Unix socket too, which only this user can reach; in a folder of mode 0700.
  // socket: './run/gateway.sock',

  // The gateway as others reach it, for the link of the first owner; false prints none.
  // publicUrl: 'wss://gateway.example/gateway',
  // ownerLink: true,

  // Options of createGateway().
  gateway: {
    locality: {
      // The proxies in front, and the origins whose pages may connect through them.
      // trustProxy: ['loopback'],
      // allowedOrigins: ['https://gateway.example'],
    },

    // Who is paired without a prompt: 'always' (every client that is truly on this machine), 'window', 'never'.
    // silent: { mode: 'always', scopes: ['operator.write'] },

    // Scopes whose approval takes the code that the device shows, or a second approver.
    // approval: { codeFor: ['operator.admin'], secondApproverFor: [] },

    // A secret that every client has to know, on top of its pairing.
    // auth: { mode: 'none' },

    // Roles that devices may ask for, and which scope gives which others.
    // roles: ['operator', 'node'],
    // scopes: { 'operator.admin': ['operator.*'], 'operator.write': ['operator.read'] },

    // Tell somebody of new requests and silent grants, once a minute at the most.
    // notices: { command: ['/usr/local/bin/tell-me'], windowMs: 60000 },

    // Tokens and requests that end sooner, caps, sizes: docs/limits.md has them all.
    // limits: { requestTtlMs: 300000, tokenTtlMs: 0 },
  },
}
`
