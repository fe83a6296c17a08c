/**
 * Stands in the bundle for the package of this name, which starts with loading what runs other programs (a tenth of
 * a short command's time), and of which oclif only wants to know how to call the platform.
 */
export const isWsl = false
