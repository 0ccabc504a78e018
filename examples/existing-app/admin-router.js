import { Router } from 'express'
import { requireLocalClient } from 'latchkey'

/** What is for this machine alone. Everybody else gets 403 with the reason and what to change. */
export function adminRouter() {
  const router = Router()
  // On the router itself, not on each route: nobody forgets it with the next one.
  router.use(requireLocalClient())
  router.get('/status', (req, res) => {
    const { assurance, clientAddress } = req.clientLocality
    res.json({ assurance, clientAddress, session: req.session.user ?? null })
  })
  router.post('/restart', (req, res) => {
    res.status(202).json({ restarting: true })
  })
  router.get('/broken', () => {
    throw new Error('the disk is on fire')
  })
  return router
}
