/** What to tell of messages of which nobody knows any more. */
export const lostMessages = (count: number, done: 'delivered' | 'read'): string =>
  count === 1
    ? `1 message was not ${done}: it is lost`
    : `${count} messages were not ${done}: they are lost`
