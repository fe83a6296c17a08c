const ONE = /^exports\.([\w$]+) = ([\w$]+);$/gm
const LIVE =
  /^Object\.defineProperty\(exports, "([\w$]+)", \{\s+enumerable: true,\s+get: function\(\) \{\s+return ([\w$]+);\s+\}\s+\}\);$/gm

/**
 * Turns a chunk's exports into one object without a prototype. rolldown adds each export to an ordinary object, for each of
 * which V8 creates a hidden class. Not for a chunk that another chunk can require before it has run to its end.
 */
export const exportAtOnce = (code: string): string => {
  const members: string[] = []
  const add = (member: string): string => {
    members.push(member)
    return ''
  }
  const rest = code
    .replace(ONE, (_, name, value) => add(`${name}: ${value}`))
    .replace(LIVE, (_, name, value) => add(`get ${name}() { return ${value} }`))
  if (/^(exports\W|Object\.defineProperty\(exports, ")/m.test(rest))
    throw new Error('the core exports something in a way that is not known here')
  return `${rest}\nmodule.exports = { __proto__: null, ${members.join(', ')} };\n`
}
