import { spawn } from 'node:child_process'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { packPackage, ROOT, type PackedPackage } from '../packed.ts'
import { freshProject, nodeBinary, type FreshProject } from './fresh-project.ts'
import { EXPECTED, projectFiles, TSCONFIG, type ProjectKind } from './project-files.ts'

const OWN = process.versions.node.split('.')[0] ?? ''
const TYPES = ['typescript@6.0.3', '@types/node@24']
type Cell = readonly [node: string, express: string, kind: ProjectKind]
const isWhole = process.env.LATCHKEY_INSTALL_MATRIX === 'whole'
/** All of it by `npm run test:install-matrix`; otherwise each kind once, each Express, and the oldest Node. */
const CELLS: readonly Cell[] = isWhole
  ? ['22', '24', '26'].flatMap((node) =>
      ['4', '5'].flatMap((express) =>
        (['esm', 'commonjs', 'typescript'] as const).map((kind): Cell => [node, express, kind]),
      ),
    )
  : [
      [OWN, '5', 'esm'],
      ['22', '4', 'commonjs'],
      [OWN, '5', 'typescript'],
    ]

let packed: PackedPackage
beforeAll(() => {
  packed = packPackage()
})
afterAll(() => {
  packed.remove()
})

const tsc = (project: FreshProject, node: string): Promise<string> =>
  project.run(node, 'node_modules/typescript/bin/tsc', '-p', '.')

/** Starts the app of a project, runs its tool against it from near and from far, ends the app; what the tool printed. */
async function runProject(project: FreshProject, node: string, app: string, tool: string): Promise<unknown> {
  const child = spawn(node, [app], {
    cwd: project.folder,
    env: { ...process.env, LATCHKEY_HOME: path.join(project.folder, 'home') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  try {
    const port = await new Promise<string>((resolve, reject) => {
      let output = ''
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text
          const [, found] = /^port (\d+)$/m.exec(output) ?? []
          if (found !== undefined) resolve(found)
        })
      void ended.then(() => reject(new Error(`the app has ended:\n${output}`)))
    })
    const told = async (side: string): Promise<unknown> =>
      JSON.parse(await project.run(node, tool, side, port, path.join(project.folder, 'home')))
    return { near: await told('near'), far: await told('far') }
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

/** Every entry, imported from ES modules and from CommonJS, where no types are installed but those of Node. */
async function compileWithTypesOfNodeAlone(project: FreshProject, node: string): Promise<void> {
  const types = path.join(project.folder, 'node_modules/@types')
  for (const name of readdirSync(types).filter((other) => other !== 'node'))
    rmSync(path.join(types, name), { recursive: true })
  const entries = Object.keys(packed.manifest.exports).filter((entry) => entry !== './package.json')
  const code = entries
    .map((entry, at) => `import * as entry${at} from '${entry.replace('.', 'latchkey')}'\nvoid entry${at}\n`)
    .join('')
  for (const file of ['all.mts', 'all.cts']) writeFileSync(path.join(project.folder, file), code)
  const config = {
    compilerOptions: { ...TSCONFIG.compilerOptions, noEmit: true },
    files: ['all.mts', 'all.cts'],
  }
  writeFileSync(path.join(project.folder, 'tsconfig.json'), JSON.stringify(config))
  await tsc(project, node)
}

describe('the packed package, installed into a fresh project', () => {
  test.each(CELLS)(
    'Node %s, Express %s, %s',
    async (major, express, kind) => {
      const node = await nodeBinary(major, path.join(ROOT, '.node/matrix'))
      const { app, tool, files } = projectFiles(kind)
      const types = kind === 'typescript' ? [...TYPES, `@types/express@${express}`] : []
      const project = await freshProject(
        node,
        kind === 'commonjs' ? 'commonjs' : 'module',
        { ...files, 'tsconfig.json': JSON.stringify(TSCONFIG) },
        [packed.tarball, `express@${express}`, ...types],
      )
      try {
        expect(await project.run(node, '--version')).toMatch(new RegExp(`^v${major}\\.`))
        if (kind === 'typescript') await tsc(project, node)
        expect(await runProject(project, node, app, tool)).toMatchObject(EXPECTED)
        const command = path.join(project.folder, 'node_modules/.bin/latchkey')
        expect(await project.run(command, '--help')).toContain('Usage: latchkey')
        if (kind === 'typescript') await compileWithTypesOfNodeAlone(project, node)
      } finally {
        project.remove()
      }
    },
    300_000,
  )
})
