import { lostCalls } from './lost-calls.ts'
import { http } from './stores.ts'

lostCalls(http)
