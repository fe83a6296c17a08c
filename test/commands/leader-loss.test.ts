import { test } from 'vitest'
import { onTestFinished } from '../finished.ts'
import { type Cluster, startConsulCluster, startEtcdCluster } from '../services/cluster.ts'
import { Place } from './rdv.ts'

const CLUSTERS: readonly { name: string; begin: () => Promise<Cluster> }[] = [
  { name: 'etcd', begin: startEtcdCluster },
  // with Consul's default settings, there is no leader for 13 to 30 s
  { name: 'consul', begin: startConsulCluster },
]

test.concurrent.for(CLUSTERS)(
  'three servers of $name that lose their leader cost nobody what is held, nor the place in a queue',
  async ({ begin }, { expect }) => {
    const cluster = await begin()
    onTestFinished(() => cluster.stop())
    const place = new Place({ RDV_BACKEND: cluster.url })
    const command = ['--', 'sh', '-c', 'trap "echo asked" TERM; echo up; read x']
    const holder = place.startWithInput('lock', 'l', ...command)
    const leader = place.startWithInput('elect', 'e', ...command)
    await Promise.all([holder.says(/up/), leader.says(/up/)])
    const next = place.start('lock', 'l', '--', 'echo', 'next')
    await expect.poll(async () => (await place.rdv('status')).stdout).toMatch(/waits/)
    await cluster.servers[await cluster.leader()]?.end('SIGKILL')
    // succeeds once there is a leader again
    expect(await place.rdv('signal', 'k', '--timeout', '2m')).toMatchObject({ code: 0 })
    for (const running of [holder, leader]) {
      running.stdin.end('\n')
      expect(await running.ended).toMatchObject({ code: 0, stdout: 'up\n' })
    }
    expect(await next.ended).toMatchObject({ code: 0, stdout: 'next\n' })
    expect((await next.ended).stderr).not.toContain('queueing again')
  },
)
