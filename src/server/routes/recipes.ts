import type { FastifyInstance } from 'fastify'
import type { ServerContext } from '../context.ts'
import { barrierRoutes } from './barrier.ts'
import { counterRoutes } from './counter.ts'
import { electionRoutes } from './election.ts'
import { lockRoutes } from './lock.ts'
import { HeldConnections } from './support/held-connections.ts'
import { topicRoutes } from './topic.ts'
import { waitGroupRoutes } from './wait-group.ts'

/** The recipes for clients that have only `curl`. The commands call the same recipes. */
export const recipesRoutes = (app: FastifyInstance, context: ServerContext): void => {
  const held = new HeldConnections()
  for (const route of [counterRoutes, waitGroupRoutes, barrierRoutes, topicRoutes])
    route(app, context)
  for (const route of [lockRoutes, electionRoutes]) route(app, context, held)
  app.addHook('onClose', () => held.ended())
}
