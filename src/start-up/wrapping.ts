const BEFORE = '(function (exports, require, module, __dirname) {'
const AFTER = '\n})'

/** A module's source as the function that the loader calls. */
export const wrap = (source: string): string => BEFORE + source + AFTER

/** The module's source again. */
export const unwrap = (wrapped: string): string => wrapped.slice(BEFORE.length, -AFTER.length)
