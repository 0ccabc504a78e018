import type { GatewayHost, RoutesHandler } from '../gateway/index.ts'
import { apiRoutes } from './api/api-routes.ts'
import { consoleRoutes } from './console-routes.ts'

/** What `gateway.routes()` serves besides: the admin HTTP API and the owner's console. */
export function gatewayPages(
  host: GatewayHost,
  { api, console }: { readonly api: boolean; readonly console: boolean },
): RoutesHandler {
  return inTurn([...(api ? [apiRoutes(host)] : []), ...(console ? [consoleRoutes()] : [])])
}

/** Each gets what the one before it left. */
function inTurn(handlers: readonly RoutesHandler[]): RoutesHandler {
  return function latchkeyPages(request, response, next) {
    const from = (index: number): void => {
      const handler = handlers[index]
      if (handler === undefined) next()
      else handler(request, response, (error) => (error === undefined ? from(index + 1) : next(error)))
    }
    from(0)
  }
}
