import { LatchkeyError } from '../../errors.ts'
import { web, type Database, type Transaction } from './web-globals.ts'

const DATABASE = 'latchkey'
const STORE = 'identities'

/**
 * What is kept under this name in the IndexedDB of the page's origin; with `made`, that is put there when there
 * was nothing. One transaction decides, so that tabs that start at the same time end up with the same.
 *
 * @returns `undefined` when nothing is kept
 * @throws {LatchkeyError} IDENTITY_INVALID when the browser keeps nothing, as some private windows do
 */
export async function keptIdentity(name: string, made?: unknown): Promise<unknown> {
  const database = await openDatabase()
  try {
    return await new Promise((resolve, reject) => {
      const transaction = begin(database, made === undefined ? 'readonly' : 'readwrite')
      const store = transaction.objectStore(STORE)
      let kept: unknown
      const asked = store.get(name)
      asked.onsuccess = () => {
        kept = asked.result ?? made
        if (asked.result === undefined && made !== undefined) store.add(made, name)
      }
      transaction.oncomplete = () => {
        resolve(kept)
      }
      transaction.onabort = () => {
        reject(unusable(transaction.error))
      }
    })
  } finally {
    database.close()
  }
}

/** A key that is lost in a crash would have to be approved again. */
function begin(database: Database, mode: 'readonly' | 'readwrite'): Transaction {
  return mode === 'readonly'
    ? database.transaction(STORE, mode)
    : database.transaction(STORE, mode, { durability: 'strict' })
}

function openDatabase(): Promise<Database> {
  return new Promise((resolve, reject) => {
    const { indexedDB } = web
    if (indexedDB === undefined) throw unusable('there is none')
    const request = indexedDB.open(DATABASE, 1)
    request.onupgradeneeded = () => {
      request.result.createObjectStore(STORE)
    }
    request.onsuccess = () => {
      resolve(request.result)
    }
    request.onerror = () => {
      reject(unusable(request.error))
    }
  })
}

function unusable(cause: unknown): LatchkeyError {
  return new LatchkeyError(
    'IDENTITY_INVALID',
    `The browser keeps no key for this page (IndexedDB: ${String(cause)}). Allow this site to store data, or leave the private window.`,
    { cause },
  )
}
