// An HTTP/2 server that shows what one connection carries: http2.js PORT CHAIN KEY HELD FILE. A POST is read whole and answered with
// 202 once HELD of them stand open, or none has come for half a second: then all at once. FILE holds one JSON object, written anew:
// requests, connections, and most (the most requests that stood open at once on one connection).
'use strict';
const fs = require('fs');
const http2 = require('http2');

const [port, chain, key, held, file] = process.argv.slice(2);
const patience = 500;
const count = { requests: 0, connections: 0, most: 0 };
let waiting = [];
let timer = null;

function write() {
    fs.writeFileSync(`${file}.new`, JSON.stringify(count));
    fs.renameSync(`${file}.new`, file);
}

function answer() {
    const ready = waiting;
    waiting = [];
    write();
    for (const one of ready) {
        one.session.open -= 1;
        one.respond({ ':status': 202, 'x-message-id': '14c5d75ce93e473d9a9a6e' }, { endStream: true });
    }
}

const server = http2.createSecureServer({ cert: fs.readFileSync(chain), key: fs.readFileSync(key), allowHTTP1: false });
server.on('session', (session) => {
    session.open = 0;
    count.connections += 1;
});
server.on('stream', (stream) => {
    stream.session.open += 1;
    count.most = Math.max(count.most, stream.session.open);
    stream.on('error', () => {});
    stream.resume();
    stream.on('end', () => {
        count.requests += 1;
        waiting.push(stream);
        clearTimeout(timer);
        if (waiting.length < Number(held)) timer = setTimeout(answer, patience);
        else answer();
    });
});
server.listen(Number(port), '127.0.0.1', write);
