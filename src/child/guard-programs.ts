// What a guard runs: argument 1 is the mark, stdin the pipe. Nothing is written to anywhere.

/**
 * The guard as a POSIX shell's script. Positional parameters are a shell's only local variables. Without a target
 * it looks for the mark in every environment, repeatedly, since processes that start each other meanwhile and one that
 * has not yet got its environment (between fork and exec) escape a single look.
 */
export const SHELL_GUARD = `
trap '' HUP INT QUIT TERM USR1 USR2 ALRM PIPE TSTP
cd /
end() {
  kill -s STOP "$1"
  for list in /proc/"$1"/task/*/children; do
    children=
    read -r children <"$list"
    set -- "$@" $children
  done
  kill -s KILL "$1"
  shift
  for child do end "$child"; done
}
sweep() {
  for round in 1 2 3 4 5 6 7 8 9 10; do
    for path in $(grep -lF "$1" /proc/[0-9]*/environ); do
      path=\${path#/proc/}
      kill -s KILL "\${path%/environ}"
    done
  done
}
target=
read -r target || { sweep "$1"; exit; }
[ "$target" = done ] && exit
read -r word && [ "$word" = done ] && exit
case $target in
  -*) kill -s KILL -- "$target" ;;
  *) end "$target" ;;
esac`

/** The same for Node, where there is no shell; it starts ten times slower. */
export const NODE_GUARD = `
const { readdirSync, readFileSync } = require('node:fs')
for (const name of ['HUP', 'INT', 'QUIT', 'TERM', 'USR1', 'USR2', 'ALRM', 'TSTP'])
  process.on('SIG' + name, () => {})
process.chdir('/')
const attempt = (act) => { try { return act() } catch { return '' } }
const send = (pid, signal) => attempt(() => process.kill(pid, signal))
const end = (pid) => {
  send(pid, 'SIGSTOP')
  const threads = [...attempt(() => readdirSync('/proc/' + pid + '/task'))]
  const children = threads.flatMap((thread) =>
    attempt(() => readFileSync('/proc/' + pid + '/task/' + thread + '/children', 'latin1')).match(/\\d+/g) ?? [])
  send(pid, 'SIGKILL')
  children.map(Number).forEach(end)
}
const marked = (pid) => attempt(() => readFileSync('/proc/' + pid + '/environ', 'latin1')).includes(process.argv[1])
const sweep = () => {
  for (let round = 0; round < 10; round++)
    for (const pid of [...attempt(() => readdirSync('/proc'))].filter(Number).filter(marked))
      send(Number(pid), 'SIGKILL')
}
const [target, word] = readFileSync(0, 'latin1').split('\\n')
if (target === '') sweep()
else if (target !== 'done' && word !== 'done')
  target < 0 ? send(Number(target), 'SIGKILL') : end(Number(target))`
