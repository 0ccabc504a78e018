import path from 'node:path'
import { runCli, type CliResult } from '../cli/cli-process.ts'
import { NGINX_RECIPES } from '../proxies/nginx-recipes.ts'
import { startNginx } from '../proxies/nginx.ts'
import { secondHost, type SecondHost } from '../proxies/second-host.ts'
import { appFolder, startApp, type AppProcess } from './app-process.ts'
import { runTool, type ToolCall, type ToolReport } from './tool-process.ts'

/** An app behind nginx with the recommended recipe, and a second host that reaches it through that alone. */
export type RemoteApp = {
  readonly app: AppProcess
  readonly folder: string
  readonly second: SecondHost
  /** Where nginx listens on the cable to the second host. */
  readonly publicPort: number
  /** Runs a tool on the second host, with the identity of this name. */
  visit(name: string, calls: readonly ToolCall[], isParallel?: boolean): Promise<ToolReport>
  /** Runs the command line on the app's own host, with an owner's key. */
  cli(...args: string[]): Promise<CliResult>
  stop(): Promise<void>
}

export async function startRemoteApp(): Promise<RemoteApp> {
  const folder = appFolder()
  const second = secondHost()
  const app = await startApp({
    folder: folder.path,
    locality: { trustProxy: ['loopback'] },
    limits: { unauthenticatedPerPrefix: 200 },
  })
  const recipe = NGINX_RECIPES.find(({ title }) => title === 'the right recipe')
  if (recipe === undefined) throw new Error('the right recipe has another title')
  const nginx = await startNginx({
    user: 'www-data',
    servers: [recipe.server({ port: app.port, socketPath: '' })],
    addresses: [second.nearAddress],
  })
  const publicPort = nginx.ports[0] ?? 0
  return {
    app,
    folder: folder.path,
    second,
    publicPort,
    visit(name, calls, isParallel = false) {
      const url = `ws://${second.nearAddress}:${publicPort}/gateway`
      const identityFile = path.join(folder.path, `second-host/${name}.json`)
      return runTool({ url, identityFile, calls, isParallel }, second.prefix)
    },
    cli: (...args) => runCli([...args, '--url', app.url, '--home', path.join(folder.path, 'owner')]),
    async stop() {
      await nginx.stop()
      await app.stop()
      second.close()
      folder.remove()
    },
  }
}

/** The request that the first refused call of this report waits with. */
export function waitingRequest(report: ToolReport): { readonly requestId: string; readonly digest: string } {
  const refused = report.outcomes.find((outcome) => !outcome.ok)
  const { requestId, digest } = refused?.ok === false ? refused.details : {}
  if (typeof requestId !== 'string' || typeof digest !== 'string')
    throw new Error(`nothing waits: ${JSON.stringify(report.outcomes)}`)
  return { requestId, digest }
}
