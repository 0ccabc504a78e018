import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const LOUD = 16 * 1024 * 1024

export type FreshProject = {
  readonly folder: string
  /** Runs a program of the project, with the Node that it is for first on the PATH. */
  readonly run: (program: string, ...args: readonly string[]) => Promise<string>
  readonly remove: () => void
}

/** A project outside of the repository, with these files and with these packages from npm. */
export async function freshProject(
  node: string,
  type: 'module' | 'commonjs',
  files: Readonly<Record<string, string>>,
  packages: readonly string[],
): Promise<FreshProject> {
  const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-fresh-'))
  const env = { ...process.env, PATH: path.dirname(node) + path.delimiter + (process.env.PATH ?? '') }
  // What runs the tests says much about itself to npm, which would believe it.
  for (const name of Object.keys(env))
    if (name.startsWith('npm_') && name !== 'npm_config_registry') Reflect.deleteProperty(env, name)
  const runHere = async (program: string, ...args: readonly string[]): Promise<string> => {
    try {
      return (await run(program, args, { cwd: folder, env, maxBuffer: LOUD })).stdout
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string }
      throw new Error(`${[program, ...args].join(' ')} failed:\n${stdout}${stderr}`, { cause: error })
    }
  }
  for (const [name, text] of Object.entries({
    'package.json': JSON.stringify({ private: true, type }),
    ...files,
  })) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    writeFileSync(path.join(folder, name), text)
  }
  const flags = ['--no-audit', '--no-fund', '--no-update-notifier', '--prefer-offline', '--loglevel=error']
  await runHere('npm', 'install', ...flags, ...packages)
  return { folder, run: runHere, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** The binary of this major version of Node, through npm, kept for the next run. */
export async function nodeBinary(major: string, keptIn: string): Promise<string> {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath
  const name = `node-${process.platform}-${process.arch}`
  const folder = path.join(keptIn, major)
  const binary = path.join(folder, 'node_modules', name, 'bin/node')
  const answers = await run(binary, ['--version']).then(
    () => true,
    () => false,
  )
  if (answers) return binary
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n')
  const flags = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund']
  await run('npm', ['install', '--prefix', folder, ...flags, `${name}@${major}`], { maxBuffer: LOUD })
  return binary
}
