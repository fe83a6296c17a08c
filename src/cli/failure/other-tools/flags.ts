type FlagHints = Readonly<Record<string, string>>

const RETRY_PAUSE = 'leave it out; a target is checked again after 50 ms, later after 1 s'
const CHECK_LIMIT = 'leave it out; one check takes at most 5 s'
const EXCLUSIVE = 'leave it out; without --slots, a lock has one holder'
const SHARED = 'shared locks are not supported; write --slots N for a lock with N holders'
const STRICT = 'leave it out; COMMAND runs only if the wait succeeds'
const ADDRESS = 'write the target as tcp://HOST:PORT'
const SHELL = "write -- sh -c 'COMMAND'"
const FREED = 'leave it out; the lock is released when COMMAND ends'
const CREDENTIALS =
  'set ETCDCTL_USER and ETCDCTL_PASSWORD for etcd, or RDV_TOKEN for a rendezvous server'
const TOKEN = 'set RDV_TOKEN, or CONSUL_HTTP_TOKEN for Consul'

/** By flag of another tool: the flag of rdv, or the end of a sentence. */
const EVERYWHERE: FlagHints = {
  '-q': '--quiet',
  '--silent': '--quiet',
  '-t': '--timeout',
  '-T': '--timeout',
  '-v': '--verbose',
  '--debug': '--verbose',
  '--endpoint': '--backend',
  '--endpoints': '--backend',
  '--http-addr': '--backend',
  '--server': '--backend',
  '--url': '--backend',
  '--ns': '--namespace',
  '--prefix': '--namespace',
  '--token': TOKEN,
  '--user': CREDENTIALS,
  '--password': CREDENTIALS,
  '--cacert': 'set ETCDCTL_CACERT, CONSUL_CACERT or RDV_CACERT',
}

const WAITING: FlagHints = {
  '-s': STRICT,
  '--strict': STRICT,
  '--wait': 'write the target without a flag',
  '--for': 'write the target without a flag',
  '--host': ADDRESS,
  '-p': ADDRESS,
  '--port': ADDRESS,
  '-i': RETRY_PAUSE,
  '-d': RETRY_PAUSE,
  '--delay': RETRY_PAUSE,
  '--interval': RETRY_PAUSE,
  '--sleep': RETRY_PAUSE,
  '--wait-retry-interval': RETRY_PAUSE,
  '--retries': 'write --timeout; a wait is limited by time',
  '--retry': 'write --timeout; a wait is limited by time',
  '--max-retries': 'write --timeout; a wait is limited by time',
  '--connection-timeout': CHECK_LIMIT,
  '--connect-timeout': CHECK_LIMIT,
  '--httpTimeout': CHECK_LIMIT,
  '--tcpTimeout': CHECK_LIMIT,
  '-r': '--not',
  '--reverse': '--not',
  '--invert': '--not',
  '--invert-check': '--not',
  '--no-wait': '--once',
  '--all': 'leave it out; a wait is for all of its targets',
  '-H': '--http-header',
  '--header': '--http-header',
  '--request-header': '--http-header',
  '--wait-http-header': '--http-header',
  '--status': '--http-status',
  '--expect-status-code': '--http-status',
  '--body': '--http-body-match',
  '--expect-body-regex': '--http-body-match',
}

const LOCKING: FlagHints = {
  '-n': '--try',
  '--nb': '--try',
  '--nonblock': '--try',
  '--non-blocking': '--try',
  '--no-wait': '--try',
  '--nowait': '--try',
  '-w': '--timeout',
  '--wait': '--timeout',
  '-e': EXCLUSIVE,
  '-x': EXCLUSIVE,
  '--exclusive': EXCLUSIVE,
  '-s': SHARED,
  '--shared': SHARED,
  '-c': SHELL,
  '--command': SHELL,
  '--shell': SHELL,
  '-E': 'write --exit-codes no=N',
  '--conflict-exit-code': 'write --exit-codes no=N',
  '-u': FREED,
  '--unlock': FREED,
  '-o': 'leave it out',
  '-F': 'leave it out',
  '--child-exit-code': 'leave it out; the exit code is that of COMMAND',
  '--pass-stdin': 'leave it out; COMMAND inherits the stdin of rdv',
  '--limit': '--slots',
  '--lease': '--ttl',
}

const OF_COMMANDS: Readonly<Record<string, FlagHints>> = {
  barrier: { '-n': '--parties', '-c': '--parties', '--count': '--parties', '--size': '--parties' },
  clear: {
    '-r': '--recursive',
    '-R': '--recursive',
    '-rf': '--recursive',
    '--prefix': '--recursive',
    '--recurse': '--recursive',
    '-f': 'leave it out; a key that does not exist is not an error',
    '--force': 'leave it out; a key that does not exist is not an error',
  },
  'counter:dec': { '-n': '--by', '--amount': '--by', '--delta': '--by', '--step': '--by' },
  'counter:inc': { '-n': '--by', '--amount': '--by', '--delta': '--by', '--step': '--by' },
  elect: LOCKING,
  list: { '-f': '--watch', '-w': '--watch', '--follow': '--watch' },
  lock: LOCKING,
  once: LOCKING,
  probe: WAITING,
  serve: {
    '-p': '--listen 127.0.0.1:',
    '--port': '--listen 127.0.0.1:',
    '--addr': '--listen',
    '--address': '--listen',
    '--bind': '--listen',
    '--host': '--listen',
    '-d': '--data-dir',
    '--data': '--data-dir',
  },
  signal: { '--lease': '--expire', '--ex': '--expire', '--for': '--expire' },
  status: { '-f': '--watch', '-w': '--watch', '--follow': '--watch' },
  subscribe: {
    '-f': 'leave it out; subscribe runs until it is interrupted',
    '--follow': 'leave it out; subscribe runs until it is interrupted',
    '-n': '--count',
    '--lines': '--count',
    '--from-beginning': 'write --from start',
    '--group': '--as',
  },
  wait: WAITING,
}

/** The replacement of another tool's flag: a flag of the command, or the end of a sentence. */
export const flagHint = (id: string, flag: string, value: string): string | undefined => {
  // consul and dockerize accept long flags with one dash
  const name = flag.replace(/^-(?=[^-]{2})/, '--')
  if (id === 'lock' && flag === '-n' && /^\d+$/.test(value)) return '--slots'
  if (id === 'lock' && name === '--try' && flag !== name && /^\d/.test(value)) return '--timeout'
  const habits = { ...EVERYWHERE, ...OF_COMMANDS[id] }
  return Object.hasOwn(habits, flag) ? habits[flag] : habits[name]
}
