export { createGateway } from './create-gateway.ts'
export type { GatewayOptions } from './create-gateway.ts'
