/** Why a stream or a connection ends. *Source*: RFC 9113 §7. */
export const codes = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  settingsTimeout: 4,
  refusedStream: 7,
  cancel: 8,
  enhanceYourCalm: 11,
} as const;
