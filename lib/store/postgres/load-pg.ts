import { LatchkeyError } from '../../errors.ts'

export type Pg = (typeof import('pg'))['default']

/** The driver, which is installed beside Latchkey by those who use PostgreSQL. */
export async function loadPg(): Promise<Pg> {
  try {
    const { default: pg } = await import('pg')
    return pg
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND'
    if (!isMissing) throw error
    throw new LatchkeyError(
      'DEPENDENCY_MISSING',
      'postgresStore() needs the package pg, which is not installed: npm install pg',
      { cause: error },
    )
  }
}
