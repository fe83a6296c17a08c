import { storeFaults } from './store-faults.ts'
import { etcd } from './stores.ts'

storeFaults(etcd)
