/** A package of a Debian suite that holds a program. */
interface DebianSource {
  readonly suite: string
  readonly packages: readonly string[]
}

/** What a server program is called, which versions will do, and where it can be had. */
export interface ProgramEntry {
  /** The environment variable that names the program's file (or its folder) and wins over everything. */
  readonly variable: string
  readonly executable: string
  readonly versionArguments: readonly string[]
  /** Inclusive lower bound, `[major, minor]`. */
  readonly from: readonly [number, number]
  /** Exclusive upper bound. */
  readonly below: readonly [number, number]
  /** Folders that are looked at after PATH, as a glob. */
  readonly alsoIn?: string
  /** Where the program lies in its Debian package, as a glob. */
  readonly inPackage: string
  /** Tried in this order: suites move on, and old ones leave the mirrors. */
  readonly sources: readonly DebianSource[]
}

const current = ['forky', 'trixie', 'sid']

const inSuites = (suites: readonly string[], ...packages: string[]): DebianSource[] =>
  suites.map((suite) => ({ suite, packages }))

/** The programs that the tests run. */
export const catalogue = {
  etcd: {
    variable: 'RDV_TEST_ETCD',
    executable: 'etcd',
    versionArguments: ['--version'],
    from: [3, 5],
    below: [4, 0],
    inPackage: 'usr/bin/etcd',
    sources: inSuites(current, 'etcd-server'),
  },
  etcdctl: {
    variable: 'RDV_TEST_ETCDCTL',
    executable: 'etcdctl',
    versionArguments: ['version'],
    from: [3, 5],
    below: [4, 0],
    inPackage: 'usr/bin/etcdctl',
    sources: inSuites(current, 'etcd-client'),
  },
  etcdOld: {
    variable: 'RDV_TEST_ETCD_OLD',
    executable: 'etcd',
    versionArguments: ['--version'],
    from: [3, 4],
    below: [3, 5],
    inPackage: 'usr/bin/etcd',
    sources: inSuites(['bookworm'], 'etcd-server'),
  },
  consul: {
    variable: 'RDV_TEST_CONSUL',
    executable: 'consul',
    versionArguments: ['--version'],
    from: [1, 8],
    below: [2, 0],
    inPackage: 'usr/bin/consul',
    sources: inSuites(['bullseye'], 'consul'),
  },
  postgres: {
    variable: 'RDV_TEST_POSTGRES',
    executable: 'postgres',
    versionArguments: ['--version'],
    from: [13, 0],
    below: [100, 0],
    alsoIn: '/usr/lib/postgresql/*/bin',
    inPackage: 'usr/lib/postgresql/*/bin/postgres',
    sources: [
      ...inSuites(['bookworm'], 'postgresql-15'),
      ...inSuites(['trixie'], 'postgresql-17'),
      ...inSuites(['forky'], 'postgresql-18'),
    ],
  },
  redis: {
    variable: 'RDV_TEST_REDIS',
    executable: 'redis-server',
    versionArguments: ['--version'],
    from: [6, 0],
    below: [100, 0],
    inPackage: 'usr/bin/redis-server',
    sources: inSuites(['bookworm', 'trixie', 'forky'], 'redis-server', 'redis-tools'),
  },
  curl: {
    variable: 'RDV_TEST_CURL',
    executable: 'curl',
    versionArguments: ['--version'],
    // the first that writes an answer's headers as JSON
    from: [7, 83],
    below: [100, 0],
    inPackage: 'usr/bin/curl',
    sources: inSuites(['bookworm', 'trixie', 'forky'], 'curl'),
  },
  wget: {
    variable: 'RDV_TEST_WGET',
    executable: 'wget',
    versionArguments: ['--version'],
    from: [1, 20],
    below: [2, 0],
    inPackage: 'usr/bin/wget',
    sources: inSuites(['bookworm', 'trixie', 'forky'], 'wget'),
  },
  nginx: {
    variable: 'RDV_TEST_NGINX',
    executable: 'nginx',
    versionArguments: ['-v'],
    from: [1, 18],
    // from 1.29 on it speaks HTTP/1.1 to its upstreams by default
    below: [1, 29],
    alsoIn: '/usr/sbin',
    inPackage: 'usr/sbin/nginx',
    sources: inSuites(['bookworm', 'trixie'], 'nginx'),
  },
  haproxy: {
    variable: 'RDV_TEST_HAPROXY',
    executable: 'haproxy',
    versionArguments: ['-v'],
    from: [2, 2],
    below: [100, 0],
    alsoIn: '/usr/sbin',
    inPackage: 'usr/sbin/haproxy',
    sources: inSuites(['bookworm', 'trixie', 'forky'], 'haproxy'),
  },
  nngcat: {
    variable: 'RDV_TEST_NNGCAT',
    executable: 'nngcat',
    versionArguments: ['--version'],
    from: [1, 0],
    below: [3, 0],
    inPackage: 'usr/bin/nngcat',
    sources: inSuites(['bookworm', 'trixie', 'forky'], 'nng-utils'),
  },
  nanocat: {
    variable: 'RDV_TEST_NANOCAT',
    executable: 'nanocat',
    // it tells no version: what is found is the 127.0 of an address in its help
    versionArguments: ['--help'],
    from: [0, 0],
    below: [1_000, 0],
    inPackage: 'usr/bin/nanocat',
    sources: inSuites(['bookworm', 'trixie', 'forky'], 'nanomsg-utils'),
  },
  psql: {
    variable: 'RDV_TEST_PSQL',
    executable: 'psql',
    versionArguments: ['--version'],
    from: [13, 0],
    below: [100, 0],
    alsoIn: '/usr/lib/postgresql/*/bin',
    inPackage: 'usr/lib/postgresql/*/bin/psql',
    sources: [
      ...inSuites(['bookworm'], 'postgresql-client-15'),
      ...inSuites(['trixie'], 'postgresql-client-17'),
      ...inSuites(['forky'], 'postgresql-client-18'),
    ],
  },
  zsh: {
    variable: 'RDV_TEST_ZSH',
    executable: 'zsh',
    versionArguments: ['--version'],
    from: [5, 8],
    below: [100, 0],
    inPackage: '{usr/,}bin/zsh',
    sources: inSuites(['bookworm', 'trixie', 'forky'], 'zsh', 'zsh-common'),
  },
  fish: {
    variable: 'RDV_TEST_FISH',
    executable: 'fish',
    versionArguments: ['--version'],
    from: [3, 4],
    below: [100, 0],
    inPackage: 'usr/bin/fish',
    sources: inSuites(['bookworm', 'trixie', 'forky'], 'fish', 'fish-common'),
  },
  groff: {
    variable: 'RDV_TEST_GROFF',
    executable: 'groff',
    versionArguments: ['--version'],
    from: [1, 22],
    below: [100, 0],
    inPackage: 'usr/bin/groff',
    sources: inSuites(['bookworm', 'trixie', 'forky'], 'groff-base'),
  },
  chromium: {
    variable: 'RDV_TEST_CHROMIUM',
    executable: 'chromium',
    versionArguments: ['--version'],
    from: [115, 0],
    below: [1_000, 0],
    inPackage: 'usr/lib/chromium/chromium',
    sources: inSuites(
      ['bookworm', 'trixie', 'forky'],
      'chromium',
      'chromium-common',
      'fonts-dejavu-core',
    ),
  },
} as const satisfies Record<string, ProgramEntry>

export type ProgramName = keyof typeof catalogue

export const programNames = Object.keys(catalogue) as ProgramName[]

/** A program that was found, answered with its version and can be started. */
export interface Program {
  readonly path: string
  /** `major.minor` */
  readonly version: readonly [number, number]
  /** The folder everything of a fetched program lies in. */
  readonly folder?: string
  /** Shared libraries that the machine lacks, for LD_LIBRARY_PATH. */
  readonly libraries?: string
}

/** The environment a server runs in: nothing of ours, so that no ETCD_ or CONSUL_ setting leaks into it. */
export const programEnvironment = (program: Pick<Program, 'libraries'>): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: '/nonexistent',
  LC_ALL: 'C',
  ...(program.libraries === undefined ? {} : { LD_LIBRARY_PATH: program.libraries }),
})
