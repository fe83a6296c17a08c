/** The commands by purpose, as help shows them. */
export const COMMAND_GROUPS: readonly (readonly [purpose: string, ids: readonly string[]])[] = [
  ['WAIT AND SIGNAL', ['wait', 'signal', 'get', 'list', 'clear', 'probe']],
  ['ONE AT A TIME', ['lock', 'elect', 'leader', 'once']],
  [
    'COUNT AND GATHER',
    [
      'barrier',
      'counter:inc',
      'counter:dec',
      'counter:get',
      'counter:set',
      'counter:wait',
      'waitgroup:add',
      'waitgroup:done',
      'waitgroup:wait',
      'id',
    ],
  ],
  ['MESSAGES', ['publish', 'subscribe', 'pipe:send', 'pipe:receive']],
  ['THE STORE AND RDV ITSELF', ['serve', 'status', 'doctor', 'completion', 'precompile']],
]
