import { connect, createServer, type Socket } from 'node:net'

/** A wire that can be cut at an exact byte. */
export interface Proxy {
  readonly url: string
  /** Lets so many more bytes through in this direction, on the connections that are open, and then cuts them. */
  cutAfter(direction: 'up' | 'down', bytes: number): void
  /** Bytes that went through since the last call. */
  take(): { up: number; down: number }
  /** Resolves when the cut that was asked for has happened. */
  readonly cut: Promise<void>
  close(): Promise<void>
}

/** Carries bytes between clients and a server on this machine. */
export async function startProxy(target: string): Promise<Proxy> {
  const { port: targetPort, hostname } = new URL(target)
  const open = new Set<Socket>()
  let armed: { direction: 'up' | 'down'; left: number } | undefined
  let passed = { up: 0, down: 0 }
  let happened = () => {}
  let cut = Promise.resolve()

  function carry(direction: 'up' | 'down', from: Socket, to: Socket) {
    from.on('data', (chunk: Buffer) => {
      passed[direction] += chunk.length
      if (armed?.direction !== direction) return void to.write(chunk)
      if (chunk.length < armed.left) {
        armed.left -= chunk.length
        return void to.write(chunk)
      }
      const last = chunk.subarray(0, armed.left)
      armed = undefined
      // What was let through arrives; then both sides find the line dead.
      to.write(last, () => {
        for (const socket of open) socket.destroy()
        happened()
      })
    })
    from.on('close', () => to.destroy())
    from.on('error', () => to.destroy())
  }

  const server = createServer((client) => {
    const upstream = connect(Number(targetPort), hostname)
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true)
      open.add(socket)
      socket.on('close', () => open.delete(socket))
    }
    carry('up', client, upstream)
    carry('down', upstream, client)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}`,
    cutAfter(direction, bytes) {
      cut = new Promise((resolve) => {
        happened = resolve
      })
      if (bytes > 0) {
        armed = { direction, left: bytes }
        return
      }
      for (const socket of open) socket.destroy()
      happened()
    },
    take() {
      const taken = passed
      passed = { up: 0, down: 0 }
      return taken
    },
    get cut() {
      return cut
    },
    async close() {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
