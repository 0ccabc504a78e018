import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { TestEnvironment } from 'jest-environment-node'

const FOLDER = '/proc/self/fd'
const PATIENCE_MS = 10_000
const STEP_MS = 100

/**
 * Fails a file of tests that leaves a socket open. The runner lives on, and where it is the client of a later test the
 * kernel rightly says of it that it may speak for others.
 */
export default class NoLeftovers extends TestEnvironment {
  readonly #before = new Set(openSockets())
  readonly #file: string

  constructor(...given: ConstructorParameters<typeof TestEnvironment>) {
    super(...given)
    this.#file = given[1].testPath
  }

  override async teardown(): Promise<void> {
    await super.teardown()
    const left = (): string[] => openSockets().filter((socket) => !this.#before.has(socket))
    for (let waited = 0; left().length > 0 && waited < PATIENCE_MS; waited += STEP_MS) await sleep(STEP_MS)
    if (left().length > 0)
      throw new Error(
        `${this.#file} leaves sockets open; close them in the end:\n${left().map(rowOf).join('\n')}`,
      )
  }
}

/** Where there is no such list, none is looked for. */
function openSockets(): string[] {
  if (process.platform !== 'linux') return []
  return readdirSync(FOLDER).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`${FOLDER}/${fd}`))?.[1] ?? []
    } catch {
      // The folder itself was open while it was read.
      return []
    }
  })
}

/** As the kernel lists it. */
function rowOf(inode: string): string {
  const rows = ['tcp', 'tcp6', 'udp', 'udp6', 'unix'].flatMap((name) =>
    readFileSync(`/proc/self/net/${name}`, 'latin1')
      .split('\n')
      .filter((line) => line.includes(` ${inode} `))
      .map((line) => `${name} ${line.trim()}`),
  )
  return rows[0] ?? `socket ${inode}, in no list`
}
