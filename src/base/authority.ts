/**
 * Whether a URL has no host, as in `http:///path`, for example because a variable is empty. The URL class skips further
 * slashes of http and takes the text after them for the host.
 */
export const lacksHost = (url: string): boolean => !/^[a-z][a-z\d+.-]*:\/\/[^/\\?#]/i.test(url)
