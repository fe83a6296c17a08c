/** Schemes that other tools check. Each has the usual port of its servers, or an empty text if there is none. */
const ports: Readonly<Record<string, string>> = {
  amqp: '5672',
  amqps: '5671',
  cassandra: '9042',
  elasticsearch: '9200',
  ftp: '21',
  ftps: '990',
  grpc: '',
  grpcs: '',
  influxdb: '8086',
  kafka: '9092',
  ldap: '389',
  ldaps: '636',
  mariadb: '3306',
  memcached: '11211',
  mongodb: '27017',
  mqtt: '1883',
  mqtts: '8883',
  mssql: '1433',
  mysql: '3306',
  nats: '4222',
  oracle: '1521',
  rabbitmq: '5672',
  sftp: '22',
  smtp: '25',
  sqlserver: '1433',
  ssh: '22',
  temporal: '7233',
  udp: '',
  ws: '80',
  wss: '443',
}

/**
 * Returns the usual port of a scheme that has no probe, or an empty text if there is no usual port. Returns `undefined`
 * if other tools do not know the scheme either.
 */
export const foreignPort = (scheme: string): string | undefined =>
  Object.hasOwn(ports, scheme) ? ports[scheme] : undefined
