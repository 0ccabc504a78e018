import '../require-node.ts'

export { asLocal, fromPeer } from './peers.ts'
export type { AppUnderTest } from './simulated-server.ts'
export { via } from './via.ts'
export type { Route, ViaOptions } from './via.ts'
