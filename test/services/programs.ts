/** A package of a Debian suite that contains a program. */
interface DebianSource {
  readonly suite: string
  readonly packages: readonly string[]
}

/** The names of a server program, the usable versions, and the places where it is found. */
export interface ProgramEntry {
  /** The environment variable that names the program's file or folder. It takes precedence over every other place. */
  readonly variable: string
  readonly executable: string
  readonly versionArguments: readonly string[]
  /** Inclusive lower bound, `[major, minor]`. */
  readonly from: readonly [number, number]
  /** Exclusive upper bound. */
  readonly below: readonly [number, number]
  /** Folders that are searched after PATH, as a glob. */
  readonly alsoIn?: string
  /** The place of the program in its Debian package, as a glob. */
  readonly inPackage: string
  /** The packages, tried in this order: a suite gets newer versions, and old suites leave the mirrors. */
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
    // the first version that prints an answer's headers as JSON
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
    // since 1.29 it speaks HTTP/1.1 to its upstreams by default
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
    // it prints no version; the number that is found is the 127.0 of an address in its help
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

/** A program that was found, has printed its version and can be started. */
export interface Program {
  readonly path: string
  /** `major.minor` */
  readonly version: readonly [number, number]
  /** The folder that contains all files of a fetched program. */
  readonly folder?: string
  /** Shared libraries that the machine lacks, for LD_LIBRARY_PATH. */
  readonly libraries?: string
}

/**
 * The environment in which a server runs. It contains none of the tests' variables, so that no setting of etcd or
 * Consul gets in.
 */
export const programEnvironment = (program: Pick<Program, 'libraries'>): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: '/nonexistent',
  LC_ALL: 'C',
  ...(program.libraries === undefined ? {} : { LD_LIBRARY_PATH: program.libraries }),
})
