// What a guard runs: argument 1 is the mark, stdin the pipe. Nothing is written to anywhere.

/**
 * The guard as a POSIX shell's script. Positional parameters are a shell's only local variables. It reads lines:
 *
 *     marked          whoever has the mark is to be killed, too
 *     unmarked        no more; as often as it was said
 *     TARGET          a process with its descendants, or (negative) a process group, is to be killed
 *     TARGET ended    no more
 *     done            nobody is to be killed
 *
 * At the end of input it kills. It looks for the mark in every environment, and repeatedly, since processes that start each
 * other meanwhile and one that has not yet got its environment (between fork and exec) escape a single look. A process
 * with the mark that leads a group is killed with its group: there may be others in it, without the mark, of which this
 * process had no time to tell.
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
      pid=\${path%/environ}
      kill -s KILL -- "-$pid" "$pid"
    done
  done
}
marked=0
targets=' '
while read -r target state; do
  case $target$state in
    done) exit ;;
    marked) marked=$((marked + 1)) ;;
    unmarked) marked=$((marked - 1)) ;;
    *ended) targets="\${targets%% "$target" *} \${targets#* "$target" }" ;;
    *) targets="$targets$target " ;;
  esac
done
for target in $targets; do
  case $target in
    -*) kill -s KILL -- "$target" ;;
    *) end "$target" ;;
  esac
done
[ "$marked" -gt 0 ] && sweep "$1"`

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
    for (const pid of [...attempt(() => readdirSync('/proc'))].filter(Number).filter(marked)) {
      send(-pid, 'SIGKILL')
      send(Number(pid), 'SIGKILL')
    }
}
let looks = 0
const targets = new Set()
const hear = (line) => {
  const [target, state] = line.split(' ')
  if (target === 'done') process.exit()
  if (target === 'marked') looks++
  else if (target === 'unmarked') looks--
  else if (state === 'ended') targets.delete(target)
  else targets.add(target)
}
readFileSync(0, 'latin1').split('\\n').filter(Boolean).forEach(hear)
for (const target of targets) target < 0 ? send(Number(target), 'SIGKILL') : end(Number(target))
if (looks > 0) sweep()`
