/**
 * A complete, unmasked text frame (RFC 6455, section 5.2), as a server sends it: made once for any number of sockets. Compression is
 * off on all our sockets, so nothing between this and the wire may change a byte.
 */
export function encodeTextFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(header + length)
  frame[0] = 0x81 // FIN, opcode 1
  if (header === 2) frame[1] = length
  else if (header === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  frame.write(text, header)
  return frame
}

/** The text inside a frame made by `encodeTextFrame`. */
export function textOf(frame: Buffer): string {
  const short = (frame[1] as number) & 0x7f
  return frame.toString('utf8', short < 126 ? 2 : short === 126 ? 4 : 10)
}
