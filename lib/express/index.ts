import '../require-node.ts'

export { localClient } from './local-client.ts'
export type { LocalClientMiddleware, LocalClientOptions } from './local-client.ts'
export { requireLocalClient } from './require-local-client.ts'
