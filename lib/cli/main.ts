#!/usr/bin/env node
// The rest is imported only once the version of Node is known to be right.
try {
  await import('../require-node.ts')
  const { runCli } = await import('./run-cli.ts')
  process.exitCode = await runCli(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
