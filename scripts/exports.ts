const ONE = /^exports\.([\w$]+) = ([\w$]+);$/gm
const LIVE =
  /^Object\.defineProperty\(exports, "([\w$]+)", \{\s+enumerable: true,\s+get: function\(\) \{\s+return ([\w$]+);\s+\}\s+\}\);$/gm

/**
 * rolldown exports name by name, and V8 makes a hidden class for each: here they are one object without a prototype,
 * which has none. Not for a chunk that another one can require before it has ended.
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
