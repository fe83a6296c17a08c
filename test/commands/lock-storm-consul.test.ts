import { lockStorm } from './lock-storm.ts'

/** Who dies there is followed after 10 to 20 s: all at once, so that those times pass together. */
lockStorm('consul', {
  fates: { 'left alone': 20, killed: 5, stopped: 3, 'killed in it': 1, 'stopped in it': 1 },
  atOnce: 30,
})
