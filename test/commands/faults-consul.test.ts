import { storeFaults } from './store-faults.ts'
import { consul } from './stores.ts'

storeFaults(consul)
