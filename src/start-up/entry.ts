import { dirname } from 'node:path'
import { main } from './main.ts'

// On Node, bin/rdv.cjs does this earlier.
if (process.versions.bun) process.on('SIGUSR1', () => {})

// The bundled program is a file in `dist/program/` of the package.
void main(process.argv.slice(2), dirname(dirname(__dirname)))
