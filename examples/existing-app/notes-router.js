import { Router } from 'express'

/** Behind the login, for everybody: locality only adds to what the page says. */
export function notesRouter() {
  const router = Router()
  router.post('/login', (req, res) => {
    // Stands for the app's own login.
    req.session.user = String(/** @type {{ user?: unknown }} */ (req.body).user ?? 'guest')
    res.json({ user: req.session.user })
  })
  router.use((req, res, next) => {
    if (req.session.user !== undefined) next()
    else res.status(401).json({ error: 'log in first' })
  })
  router.get('/', (req, res) => {
    res.json({ user: req.session.user, notes: ['water the plants'], mayEdit: req.isLocalClient })
  })
  return router
}
