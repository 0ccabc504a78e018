import { readFileSync } from 'node:fs'
import path from 'node:path'
import ts from 'typescript'
import { ROOT, type CodeBlock } from './code-blocks.ts'

const { exports } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
  exports: Record<string, string | { default: string }>
}
/** The entries of the package, as the sources that they are built from. */
const ENTRIES = Object.fromEntries(
  Object.entries(exports).flatMap(
    ([entry, target]) =>
    typeof target === 'string'
      ? []
      : [[entry.replace('.', 'latchkey'), [`${ROOT}/${target.default.replace('./dist/', 'lib/').replace(/\.js$/, '.ts')}`]]], // prettier-ignore
  ),
)
const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2024.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  moduleDetection: ts.ModuleDetectionKind.Force,
  strict: true,
  // A page need not annotate what a reader sees.
  noImplicitAny: false,
  useUnknownInCatchVariables: false,
  allowJs: true,
  checkJs: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
  noEmit: true,
  types: ['node', 'express'],
  paths: ENTRIES,
}

/** node:test waits for whatever is thenable; its types only know promises of nothing. */
function isTrue({ messageText }: ts.Diagnostic): boolean {
  const text = ts.flattenDiagnosticMessageText(messageText, ' ')
  return !text.includes("'TestFn'")
}

/** What the compiler says about blocks of JavaScript and TypeScript, each a module of its own. */
export function typeProblems(blocks: readonly CodeBlock[]): string[] {
  const files = new Map(
    blocks.map((block, index) => {
      const name = path.join(ROOT, 'test/docs', `block-${index}.${block.language === 'ts' ? 'mts' : 'mjs'}`)
      return [name, block] as const
    }),
  )
  const host = ts.createCompilerHost(OPTIONS)
  const plain = ts.createCompilerHost(OPTIONS)
  host.fileExists = (name) => files.has(name) || plain.fileExists(name)
  host.readFile = (name) => files.get(name)?.code ?? plain.readFile(name)
  host.getSourceFile = (name, languageVersion, ...rest) => {
    const block = files.get(name)
    return block === undefined
      ? plain.getSourceFile(name, languageVersion, ...rest)
      : ts.createSourceFile(name, block.code, languageVersion)
  }
  const names = path.join(ROOT, 'test/docs/customary-names.d.ts')
  const program = ts.createProgram([...files.keys(), names], OPTIONS, host)
  return [...files].flatMap(([name, block]) => {
    const file = program.getSourceFile(name)
    if (file === undefined) return [`${block.at}: was not compiled`]
    const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]
    return found.filter(isTrue).map((problem) => {
      const { line } = file.getLineAndCharacterOfPosition(problem.start ?? 0)
      return `${block.at} (+${line + 1}): ${ts.flattenDiagnosticMessageText(problem.messageText, ' ')}`
    })
  })
}
