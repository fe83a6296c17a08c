import { AsyncLocalStorage } from 'node:async_hooks'
import { aroundEach, type TestContext } from 'vitest'

const running = new AsyncLocalStorage<TestContext>()

aroundEach((run, context) => running.run(context, run))

/** As Vitest's own, which takes another test for the current one where several run at the same time. */
export const onTestFinished: TestContext['onTestFinished'] = (...hook) => {
  const context = running.getStore()
  if (context === undefined) throw new Error('no test is running')
  context.onTestFinished(...hook)
}
