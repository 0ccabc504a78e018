// What a gateway does under many connections. argv: storm or idle.
const LOADS: Readonly<Record<string, () => Promise<unknown>>> = {
  storm: () => import('./reconnect-storm.ts'),
  idle: () => import('./idle-connections.ts'),
}

const [name = ''] = process.argv.slice(2)
const load = LOADS[name]
if (load === undefined) {
  console.error(
    `got ${JSON.stringify(name)}, expected one of ${Object.keys(LOADS).join(', ')}: npm run load -- storm`,
  )
  process.exit(2)
}
await load()
