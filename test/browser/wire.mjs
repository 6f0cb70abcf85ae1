// The wire between a browser and the service: a plain HTTP proxy that can be
// cut. A browser's own “offline” switch leaves open sockets alone, real networks
// do not.
import http from 'node:http';
import net from 'node:net';

export class Wire {
  static async open() {
    const wire = new Wire();
    await new Promise((ready) => wire.server.listen(0, '127.0.0.1', ready));
    return wire;
  }

  constructor() {
    this.whole = true;
    this.ends = new Set();
    this.server = http.createServer((request, response) => this.pass(request, response));
    this.server.on('connection', (socket) => this.hold(socket));
    this.server.on('connect', (request, socket) => this.tunnel(request, socket));
  }

  // proxy is the setting of a browser window; loopback is not spared.
  get proxy() {
    return { server: `http://127.0.0.1:${this.server.address().port}`, bypass: '<-loopback>' };
  }

  hold(socket) {
    socket.on('error', () => socket.destroy());
    if (!this.whole) {
      socket.destroy();
      return;
    }
    this.ends.add(socket);
    socket.on('close', () => this.ends.delete(socket));
  }

  pass(request, response) {
    const onward = http.request(request.url, { method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.rawHeaders);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  }

  tunnel(request, socket) {
    const [host, port] = request.url.split(':');
    const onward = net.connect(Number(port), host, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    this.hold(onward);
    socket.on('close', () => onward.destroy());
    onward.on('close', () => socket.destroy());
    socket.pipe(onward).pipe(socket);
  }

  cut() {
    this.whole = false;
    for (const end of this.ends) end.destroy();
  }

  mend() {
    this.whole = true;
  }

  close() {
    this.cut();
    this.server.close();
  }
}
