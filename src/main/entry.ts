import { join } from 'node:path'
import { main } from './main.ts'

/** The bundle lies in `dist/` of the package. */
void main(process.argv.slice(2), join(__dirname, '..'))
