import { AsyncLocalStorage } from 'node:async_hooks'
import { aroundEach, type TestContext } from 'vitest'

const running = new AsyncLocalStorage<TestContext>()

aroundEach((run, context) => running.run(context, run))

/** Like the function of Vitest, which takes another test for the current one if several tests run at the same time. */
export const onTestFinished: TestContext['onTestFinished'] = (...hook) => {
  const context = running.getStore()
  if (context === undefined) throw new Error('no test is running')
  context.onTestFinished(...hook)
}
