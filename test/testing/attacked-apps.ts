import type { Request, Response } from 'express'
import express from 'express'
import express4 from 'express4'
import { localClient, requireLocalClient, type LocalClientOptions } from '../../lib/index.ts'

export type App = ReturnType<typeof express>

export const EXPRESS = [
  ['Express 5', express],
  ['Express 4', express4],
] as const

const notes = (_request: Request, response: Response): void => void response.json(['water the plants'])

/** An app that does it right. */
export function rightApp(make = express, options: LocalClientOptions = {}): App {
  const app = make()
  app.use(localClient(options))
  app.get('/notes', requireLocalClient(), notes)
  app.post('/notes', requireLocalClient(), notes)
  app.get('/whoami', (request, response) => void response.json(request.clientLocality))
  return app
}

/** An app that decides by itself. */
export function naiveApp(
  make: typeof express,
  isLocal: (request: Request) => boolean,
  trustProxy?: boolean,
): App {
  const app = make()
  if (trustProxy === true) app.set('trust proxy', true)
  app.get('/notes', (request, response) => {
    if (isLocal(request)) notes(request, response)
    else response.status(403).end()
  })
  return app
}
