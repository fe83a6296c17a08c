/** The file is not one of ours, or of a version that we do not know. */
export class ForeignFileError extends Error {}

/** Another machine uses the file, and has the right to it. */
export class TakenOverError extends Error {}

/** Something else than a file has the path. */
export class NoFileError extends Error {}
