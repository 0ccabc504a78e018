import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { ROOT } from './packed.ts'

const WORKFLOWS = path.join(ROOT, '.github/workflows')
type Step = { readonly uses?: string; readonly run?: string }
type Job = {
  readonly uses?: string
  readonly permissions?: Readonly<Record<string, string>>
  readonly steps?: readonly Step[]
}
type Workflow = { readonly permissions: unknown; readonly jobs: Readonly<Record<string, Job>> }

const workflow = (file: string): Workflow =>
  parse(readFileSync(path.join(WORKFLOWS, file), 'utf8'), { strict: true }) as Workflow
const stepsOf = (file: string): Step[] => Object.values(workflow(file).jobs).flatMap((job) => job.steps ?? [])
const run = (...args: string[]): ReturnType<typeof spawnSync> & { stderr: string; stdout: string } =>
  spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8', env: { ...process.env, GITHUB_REPOSITORY: 'a/b' } }) // prettier-ignore

describe('the workflows', () => {
  const files = readdirSync(WORKFLOWS)

  test.each(files)('%s may read and no more, and runs actions pinned to a commit', (file) => {
    expect(workflow(file).permissions).toEqual({ contents: 'read' })
    for (const job of Object.values(workflow(file).jobs)) {
      for (const { uses } of [job, ...(job.steps ?? [])]) {
        if (uses === undefined) continue
        if (uses.startsWith('./')) expect([uses, existsSync(path.join(ROOT, uses))]).toEqual([uses, true])
        else expect(uses).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/)
      }
    }
  })

  test.each(files)('%s runs scripts that are there', (file) => {
    const { scripts } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    for (const { run: command = '' } of stepsOf(file)) {
      for (const [, name = ''] of command.matchAll(/npm run (?:--silent )?([\w:-]+)/g))
        expect(scripts).toHaveProperty([name])
      for (const [, name = ''] of command.matchAll(/node (scripts\/\S+)/g))
        expect([name, existsSync(path.join(ROOT, name))]).toEqual([name, true])
    }
  })

  test('the one of every change runs what must pass', () => {
    expect(stepsOf('ci.yml').some(({ run: command }) => command?.includes('.ci/run') === true)).toBe(true)
  })

  test('the one of a release tests first, and publishes with provenance and no secret', () => {
    const { publish, test: tests } = workflow('release.yml').jobs
    expect(tests?.uses).toBe('./.github/workflows/ci.yml')
    expect(publish).toMatchObject({
      needs: 'test',
      permissions: { contents: 'read', 'id-token': 'write' },
    })
    expect(publish?.steps?.at(-1)?.run).toBe('npm publish --provenance --access public')
    expect(readFileSync(path.join(WORKFLOWS, 'release.yml'), 'utf8')).not.toContain('secrets.')
  })

  test('a release needs its own tag, a dated changelog and a repository to name', () => {
    const refused = run('scripts/check-release.mjs', 'v9.9.9')
    expect(refused.status).toBe(1)
    expect(refused.stderr).toContain('the tag is v9.9.9')
  })
})

describe('the bill of materials', () => {
  test('is CycloneDX, and has every package of run time and none of development', () => {
    const bom = JSON.parse(run('scripts/sbom.mjs').stdout) as {
      bomFormat: string
      specVersion: string
      metadata: { component: { name: string; version: string; licenses: unknown[] } }
      components: { name: string; version: string; purl: string; hashes: unknown[] }[]
    }
    expect(bom).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { name: 'latchkey' } } })
    expect(bom.specVersion).toMatch(/^1\.[5-9]$/)
    const lock = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dev?: boolean; devOptional?: boolean; version: string }>
    }
    const expected = Object.entries(lock.packages)
      .filter(([folder, entry]) => folder !== '' && entry.dev !== true && entry.devOptional !== true)
      .map(([folder, { version }]) => `${folder.replace(/^.*node_modules\//, '')}@${version}`)
    const listed = bom.components.map(({ name, version }) => `${name}@${version}`)
    expect(listed.sort()).toEqual(expected.sort())
    expect(listed.filter((name) => /^(?:jest|typescript|eslint|express)@/.test(name))).toEqual([])
    for (const { purl, hashes } of bom.components) {
      expect(purl).toMatch(/^pkg:npm\/(?:%40[\w.-]+\/)?[\w.-]+@[\w.-]+$/)
      expect(hashes).not.toEqual([])
    }
  })
})
