import type { Settings } from './board.ts'

/** The version of the wire. A server refuses a `hello` of a version it does not speak. */
export const wireVersion = 1

/** Bytes of the largest frame, and of the largest JSON body, a server takes. */
export const maxFrameBytes = 64 * 1024

/** Bytes of UTF-8 that the text of a message may take. */
export const maxTextBytes = 16_384

/** Bytes of a picture as uploaded, of a person or of a conversation. */
export const maxPictureBytes = 5 * 1024 * 1024

/** Bytes of the body that brings relationships in from a file, and how many lines the file may have. */
export const maxImportBytes = 8 * 1024 * 1024
export const maxImportLines = 50_000

/** Pinned messages of one conversation. */
export const maxPins = 50

/** Milliseconds after which a person who said they are typing is no longer shown as typing. */
export const typingMs = 6_000

/** Milliseconds between a client’s pings. A server that has heard nothing for twice as long closes the connection. */
export const pingMs = 25_000

export const defaultSettings: Settings = {
  theme: 'system',
  density: 'comfortable',
  sendWith: 'enter',
  shareRead: true,
  language: '',
}

/** Conversations with more members than this do not tell each member where every other one is, nor who is typing. */
export const maxMembersWithReceipts = 50
