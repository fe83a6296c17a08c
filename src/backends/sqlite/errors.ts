/** The file is not a rendezvous store, or has a version that this rdv does not know. */
export class ForeignFileError extends Error {}

/** Another machine uses the file, and is entitled to it. */
export class TakenOverError extends Error {}

/** The path is not that of a regular file. */
export class NoFileError extends Error {}
