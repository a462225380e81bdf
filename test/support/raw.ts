import net from 'node:net'

/** Writes bytes as they are and reads until the other side closes, or until `until` matches what has come. */
export function raw(port: number, request: string | Buffer, until?: RegExp, host = '127.0.0.1'): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, host, () => socket.write(request))
    let received = ''
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      received += text
      if (until?.test(received)) socket.end()
    })
    socket.on('close', () => resolve(received))
    socket.on('error', (error) => (received === '' ? reject(error) : resolve(received)))
  })
}
