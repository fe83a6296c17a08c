import { lostCalls } from './lost-calls.ts'
import { consul } from './stores.ts'

lostCalls(consul)
