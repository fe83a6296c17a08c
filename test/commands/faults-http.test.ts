import { storeFaults } from './store-faults.ts'
import { http } from './stores.ts'

storeFaults(http)
