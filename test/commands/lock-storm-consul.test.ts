import { lockStorm } from './lock-storm.ts'

/**
 * After the death of a holder, the next one holds after 10 to 20 s. All run at once, so that these times pass together.
 */
lockStorm('consul', {
  fates: { 'left alone': 20, killed: 5, stopped: 3, 'killed in it': 1, 'stopped in it': 1 },
  atOnce: 30,
})
