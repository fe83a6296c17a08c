/** The sentence about messages that are lost. */
export const lostMessages = (count: number, done: 'delivered' | 'read'): string =>
  count === 1
    ? `1 message was not ${done}: it is lost`
    : `${count} messages were not ${done}: they are lost`
