import { lostCalls } from './lost-calls.ts'
import { etcd } from './stores.ts'

lostCalls(etcd)
