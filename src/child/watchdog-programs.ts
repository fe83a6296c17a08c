// The programs of a watchdog. Their stdin is the pipe from rdv. They write no output.

/**
 * The watchdog as a script for a POSIX shell. Argument 1 is the mark; the arguments after it start the Node program
 * below. The functions use positional parameters and subshells, because a POSIX shell has no other local variables. The
 * script reads lines:
 *
 *     marked          kill processes with the mark, too
 *     found           the started process is known: one look for other processes with the mark is enough
 *     unmarked        undo one `marked`
 *     TARGET          kill a process with its descendants, or (negative) a process group
 *     TARGET ended    do not kill TARGET any more
 *     send PID SIGNAL send a signal at once
 *     done            exit, and kill no process
 *
 * At the end of input, the script kills. It looks for the mark in every environment, and repeatedly: a single look
 * misses processes that start each other meanwhile, and a process between fork and exec, which has no environment yet.
 * If a process with the mark leads a group, the script kills the whole group. The group may contain processes without
 * the mark that rdv had no time to report.
 *
 * If a process belongs to another user, the script leaves everything to the Node program, which handles such processes
 * and waits for them.
 */
export const SHELL_WATCHDOG = `
trap '' HUP INT QUIT TERM USR1 USR2 ALRM PIPE TSTP
cd /
tree() (
  echo "$1"
  for child in $(cat /proc/"$1"/task/*/children); do tree "$child"; done
)
members() {
  for target in $targets; do
    case $target in
      -*)
        for path in $(grep -lE ") [^XZ] [0-9]+ \${target#-} " /proc/[0-9]*/stat); do
          path=\${path%/stat}
          tree "\${path#/proc/}"
        done ;;
      *) tree "$target" ;;
    esac
  done
}
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
    paths=$(grep -lF "$1" /proc/[0-9]*/environ)
    [ -n "$found" ] && [ -z "$paths" ] && return
    for path in $paths; do
      path=\${path#/proc/}
      pid=\${path%/environ}
      kill -s KILL -- "-$pid" "$pid"
    done
  done
}
marked=0
found=
targets=' '
while read -r target state; do
  case $target$state in
    done) exit ;;
    marked) marked=$((marked + 1)) ;;
    unmarked) marked=$((marked - 1)) ;;
    found) found=found ;;
    send*) kill -"\${state#* }" "\${state% *}" ;;
    *ended) targets="\${targets%% "$target" *} \${targets#* "$target" }" ;;
    *) targets="$targets$target " ;;
  esac
done
all=$(members)
for pid in $all; do
  kill -0 "$pid" || [ ! -e "/proc/$pid" ] || [ ! -x "$2" ] || {
    mark=$1
    shift
    exec "$@" "$mark" "$marked" $targets
  }
done
for target in $targets; do
  case $target in
    -*) kill -s KILL -- "$target" ;;
    *) end "$target" ;;
  esac
done
for pid in $all; do end "$pid"; done
[ "$marked" -gt 0 ] && sweep "$1"`

/**
 * The same watchdog for Node, for systems without a shell. It starts ten times slower than the shell. The arguments
 * after the mark are optional: how often `marked` was said, and targets.
 *
 * The program ends when no process is left. A process of another user cannot be signalled. If its parent can be
 * signalled and runs with another user's rights (sudo), the parent can end it. Such a parent gets TERM, and is not
 * killed as long as it has such children.
 */
export const NODE_WATCHDOG = `
const { readdirSync, readFileSync } = require('node:fs')
for (const name of ['HUP', 'INT', 'QUIT', 'TERM', 'USR1', 'USR2', 'ALRM', 'TSTP'])
  process.on('SIG' + name, () => {})
process.chdir('/')
const [mark, marked = 0, ...given] = process.argv.slice(process.argv.findIndex((word) => word.startsWith('RDV_GUARD=')))
let looks = Number(marked)
const targets = new Set(given.map(Number))
const read = (pid, file) => {
  try { return readFileSync('/proc/' + pid + '/' + file, 'latin1') } catch { return '' }
}
const send = (pid, signal) => {
  try { process.kill(pid, signal) } catch (error) { return error.code }
}
const at = (pid) => {
  const stat = read(pid, 'stat')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { pid, name: pid + ' ' + fields[19], state: fields[0], parent: Number(fields[1]), group: Number(fields[2]) }
}
let seen = new Set()
const members = () => {
  const all = readdirSync('/proc').map(Number).filter(Boolean).map(at)
    .filter(({ state }) => state && state !== 'Z' && state !== 'X')
  const belongs = ({ pid, name, group }) => seen.has(name) || targets.has(pid) || targets.has(-group) ||
    (looks > 0 && read(pid, 'environ').includes(mark))
  const inside = new Set(all.filter(belongs).map(({ pid }) => pid))
  for (let before; before !== inside.size; ) {
    before = inside.size
    for (const { pid, parent } of all) if (inside.has(parent)) inside.add(pid)
  }
  const found = all.filter(({ pid }) => pid !== process.pid && inside.has(pid))
  seen = new Set(found.map(({ name }) => name))
  return found
}
const hasOthersRights = (pid) => {
  const uid = /^Uid:\\t\\d+\\t(\\d+)/m.exec(read(pid, 'status'))
  return uid !== null && Number(uid[1]) !== process.geteuid()
}
const told = new Set()
const end = () => {
  const all = members()
  for (const { pid, name } of all) if (!told.has(name)) send(pid, 'SIGSTOP')
  const foreign = all.filter(({ pid }) => send(pid, 0) === 'EPERM')
  const parents = new Set(foreign.map(({ parent }) => parent))
  for (const { pid, name } of all.filter((process) => !foreign.includes(process))) {
    if (!parents.has(pid) || !hasOthersRights(pid)) send(pid, 'SIGKILL')
    else if (!told.has(name)) {
      told.add(name)
      send(pid, 'SIGTERM')
      send(pid, 'SIGCONT')
    }
  }
  return all.length > 0
}
const hear = (line) => {
  const [target, ...rest] = line.split(' ')
  if (target === 'done') process.exit()
  if (target === 'marked') looks++
  else if (target === 'unmarked') looks--
  else if (target === 'send') send(Number(rest[0]), Number(rest[1]))
  else if (rest[0] === 'ended') targets.delete(Number(target))
  else if (Number(target)) targets.add(Number(target))
}
let text = ''
process.stdin.setEncoding('latin1').on('data', (piece) => {
  const lines = (text + piece).split('\\n')
  text = lines.pop()
  lines.forEach(hear)
})
process.stdin.on('end', () => {
  for (let round = 0; round < 10; round++) end()
  // Their numbers may be given to others from now on.
  targets.clear()
  const wait = () => end() ? setTimeout(wait, 200) : process.exit()
  wait()
})`
