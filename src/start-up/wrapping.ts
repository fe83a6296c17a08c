const BEFORE = '(function (exports, require, module, __dirname) {'
const AFTER = '\n})'

/** Wraps a module's source into the function that the loader calls. */
export const wrap = (source: string): string => BEFORE + source + AFTER

/** Undoes `wrap`. */
export const unwrap = (wrapped: string): string => wrapped.slice(BEFORE.length, -AFTER.length)
