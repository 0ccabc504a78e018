// own-address.ts <address>: asks an app at this host's own address, with curl, and prints the verdicts as JSON.
import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { localClient, type LocalityOptions, type LocalityVerdict } from '../../../lib/index.ts'

const [address = ''] = process.argv.slice(2)

async function verdictWith(options: LocalityOptions, ...curl: string[]): Promise<LocalityVerdict> {
  const middleware = localClient(options)
  const server = createServer((request, response) => {
    middleware(request, response, () => {
      response.end(JSON.stringify((request as unknown as { clientLocality: LocalityVerdict }).clientLocality))
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '0.0.0.0', resolve)
  })
  const { port } = server.address() as AddressInfo
  const { stdout } = await promisify(execFile)('curl', ['-s', ...curl, `http://${address}:${port}/`])
  server.closeAllConnections()
  server.close()
  return JSON.parse(stdout) as LocalityVerdict
}

console.log(
  JSON.stringify({
    allowed: await verdictWith({ ownAddresses: true }),
    notAllowed: await verdictWith({}),
    byHeadersAlone: await verdictWith({ ownAddresses: true, dangerouslyTrustHeaders: true }),
    otherHost: await verdictWith({ ownAddresses: true }, '-H', 'Host: gateway.example'),
    forwarded: await verdictWith({ ownAddresses: true }, '-H', 'X-Forwarded-For: 127.0.0.1'),
  }),
)
