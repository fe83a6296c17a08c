import { lockStorm } from './lock-storm.ts'

/** Two hundred holders in all, together with those on Consul. */
lockStorm('sqlite', {
  fates: { 'left alone': 54, killed: 26, stopped: 26, 'killed in it': 2, 'stopped in it': 2 },
  atOnce: 12,
})

const OVER_A_NETWORK = {
  fates: { 'left alone': 14, killed: 7, stopped: 7, 'killed in it': 1, 'stopped in it': 1 },
  atOnce: 12,
}

lockStorm('http', OVER_A_NETWORK)
lockStorm('etcd', OVER_A_NETWORK)
