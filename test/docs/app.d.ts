/** The app of a project, as the pages import it from `./app.js`. */
import type { Express } from 'express'

export const app: Express
