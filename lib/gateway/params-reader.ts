import type { Static, TSchema } from 'typebox'
import { LatchkeyError } from '../errors.ts'
import { schemaReader } from '../protocol/index.ts'

/** Reads a method's params; throws INVALID_REQUEST with what is wrong with them. */
export function paramsReader<const S extends TSchema>(schema: S): (params: unknown) => Static<S> {
  const read = schemaReader(schema, 'params')
  return (params) => {
    const result = read(params)
    if ('problem' in result) throw new LatchkeyError('INVALID_REQUEST', result.problem)
    return result.value
  }
}
