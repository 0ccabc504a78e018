import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'

/** Checks a value; says what is wrong with it, named by its path below `root`, otherwise. */
export function schemaReader<const S extends TSchema>(
  schema: S,
  root: string,
): (value: unknown) => { readonly value: Static<S> } | { readonly problem: string } {
  const compiled = Compile(schema)
  return (value) => {
    if (compiled.Check(value)) return { value }
    const [first] = compiled.Errors(value)
    const path = first?.instancePath.replaceAll('/', '.') ?? ''
    return { problem: `${root}${path} ${first?.message ?? 'is not valid'}` }
  }
}
