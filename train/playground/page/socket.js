// The connection to the server: JSON to it, a JSON header with binary arrays from it; it reconnects by itself.

const KINDS = { float32: Float32Array, int8: Int8Array, int32: Int32Array, uint8: Uint8Array };
const FINAL = { 4403: "The server does not accept this address: open the one that the terminal shows." };

/** Takes a message apart: the header with `arrays` as typed arrays by name and `shapes`. */
export function unpack(buffer) {
  const size = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
  const arrays = {}, shapes = {};
  for (const [name, kind, shape, offset] of header.arrays) {
    arrays[name] = new KINDS[kind](buffer, 4 + size + offset, shape.reduce((a, b) => a * b, 1));
    shapes[name] = shape;
  }
  return { ...header, arrays, shapes };
}

export class Line {
  /** onOpen sends the state of the page; onStatus(text, isError) tells what is wrong. */
  constructor({ onOpen, onMessage, onStatus }) {
    Object.assign(this, { onOpen, onMessage, onStatus, wait: 500, open: false });
    this.connect();
  }

  connect() {
    const url = new URL("talk", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    url.search = location.search;
    url.hash = "";
    this.socket = new WebSocket(url);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => {
      this.open = true;
      this.wait = 500;
      this.onStatus("", false);
      this.onOpen();
    };
    this.socket.onmessage = (event) => this.onMessage(unpack(event.data));
    this.socket.onclose = (event) => this.lost(event);
  }

  lost(event) {
    this.open = false;
    if (FINAL[event.code]) {
      this.onStatus(FINAL[event.code], true);
    } else if (event.code === 4408 || event.code === 4429) {
      this.onStatus(`${event.reason}. Reload the page to go on.`, true);
    } else {
      this.onStatus("The server does not answer: it has ended, or the network is down. Trying again…", true);
      setTimeout(() => this.connect(), this.wait);
      this.wait = Math.min(this.wait * 1.6, 5000);
    }
  }

  send(message) {
    if (this.open) this.socket.send(JSON.stringify(message));
  }
}
