// nodemailer's pooled transport without a queue: pool.js PORT CLIENTS MAILS SIZE. CLIENTS loops, each with its next sendMail when the
// last has resolved; as many connections, everything else as nodemailer sets it. Prints one JSON object: mails, seconds, rate.
'use strict';
const nodemailer = require('nodemailer');

const [port, clients, mails, size] = process.argv.slice(2).map(Number);
const transport = nodemailer.createTransport({
    host: '127.0.0.1', port, secure: false, ignoreTLS: true, pool: true, maxConnections: clients,
});
const html = `<p>${'x'.repeat(size - 7)}</p>`;
let begun = 0;

async function client() {
    while (begun < mails) {
        begun += 1;
        await transport.sendMail({ from: 'Acme <noreply@example.com>', to: 'first@example.net', subject: 'Bench', html });
    }
}

const start = process.hrtime.bigint();
Promise.all(Array.from({ length: clients }, client)).then(() => {
    const seconds = Number(process.hrtime.bigint() - start) / 1e9;
    console.log(JSON.stringify({ mails, seconds, rate: mails / seconds }));
    transport.close();
}).catch((error) => { console.error(error); process.exit(1); });
