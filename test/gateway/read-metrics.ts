import { createServer } from 'node:http'
import { listen, stop, type RunningGateway } from './running-gateway.ts'

/** Give it to the gateway whose metrics are to be read. */
export const METRICS_TOKEN = 'scrape-scrape-scrape'

/** The lines of the metrics page whose names start so, without those for people. */
export async function readMetrics({ gateway }: RunningGateway, start: string): Promise<string[]> {
  const routes = gateway.routes()
  const server = createServer((request, response) => {
    routes(request, response, () => response.writeHead(404).end())
  })
  const port = await listen(server)
  try {
    const headers = { Authorization: `Bearer ${METRICS_TOKEN}` }
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { headers })
    return (await answer.text()).split('\n').filter((line) => line.startsWith(start))
  } finally {
    await stop(server)
  }
}
