/**
 * Whether there is nothing where the host belongs, as where a variable is empty: `http:///path`. The URL class skips further
 * slashes of http and takes what follows for the host.
 */
export const lacksHost = (url: string): boolean => !/^[a-z][a-z\d+.-]*:\/\/[^/\\?#]/i.test(url)
