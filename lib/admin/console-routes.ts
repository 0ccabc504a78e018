import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RoutesHandler } from '../gateway/index.ts'
import { readConsoleFiles, type ConsoleFiles } from './console-files.ts'
import { setConsoleHeaders } from './console-headers.ts'

const FOREVER = 'public, max-age=31536000, immutable'

/**
 * The owner's console: `GET console`, and the files that the page loads. There is no secret in it, and it may be
 * asked for from anywhere: what it shows comes over the WebSocket, to a device that the owner let in. The page
 * finds the WebSocket at its own address without `/console`.
 *
 * A handler for below the gateway's mount; everything else goes on to `next`.
 */
export function consoleRoutes(): RoutesHandler {
  let loading: Promise<ConsoleFiles> | null = null
  const load = (): Promise<ConsoleFiles> =>
    (loading ??= readConsoleFiles().catch((error: unknown) => {
      loading = null
      throw error
    }))
  return function latchkeyConsole(request, response, next) {
    const [path = ''] = (request.url ?? '').split('?', 1)
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    if (!isRead || !/^\/console(?:\/|$)/.test(path)) next()
    else if (path === '/console/') redirect(request, response)
    else load().then((files) => answer(files, path, request, response, next), next)
  }
}

/** The page names its files relative to `console`, not to `console/`. */
function redirect(request: IncomingMessage, response: ServerResponse): void {
  setConsoleHeaders(request, response)
  response.writeHead(307, { Location: '../console', 'Cache-Control': 'no-store' })
  response.end()
}

function answer(
  { page, version, files }: ConsoleFiles,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  next: () => void,
): void {
  if (path === '/console') {
    send(request, response, 'text/html; charset=utf-8', 'no-store', page)
    return
  }
  const prefix = `/console/${version}/`
  const file = path.startsWith(prefix) ? files.get(path.slice(prefix.length)) : undefined
  if (file === undefined) next()
  else send(request, response, file.type, FOREVER, file.body)
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  type: string,
  caching: string,
  body: Buffer,
): void {
  setConsoleHeaders(request, response)
  response.writeHead(200, { 'Content-Type': type, 'Cache-Control': caching, 'Content-Length': body.length })
  response.end(request.method === 'HEAD' ? undefined : body)
}
