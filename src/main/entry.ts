import { dirname } from 'node:path'
import { main } from './main.ts'

/** The program lies in `dist/program/` of the package. */
void main(process.argv.slice(2), dirname(dirname(__dirname)))
