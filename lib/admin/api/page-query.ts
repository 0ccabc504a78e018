import Type from 'typebox'

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1000

/** The parameters of every list. */
export const pageQuery = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT, description: 'At most so many.' }),
  ),
  cursor: Type.Optional(
    Type.String({ minLength: 1, maxLength: 512, description: 'The `next` of the page before.' }),
  ),
}

export function limitOf({ limit = DEFAULT_LIMIT }: { readonly limit?: number | undefined }): number {
  return limit
}

export function isText(value: unknown): value is string {
  return typeof value === 'string'
}

/** One page of a list that is small by nature, and is read whole: those after a key, in the order of their keys. */
export function pageOf<T>(
  all: readonly T[],
  keyOf: (item: T) => string,
  after: string | undefined,
  limit: number,
): { readonly items: readonly T[]; readonly last: string | null } {
  const rest = after === undefined ? all : all.filter((item) => keyOf(item) > after)
  const items = rest.slice(0, limit)
  const end = items.at(-1)
  return { items, last: rest.length > limit && end !== undefined ? keyOf(end) : null }
}
