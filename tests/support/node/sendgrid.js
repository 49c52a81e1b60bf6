// @sendgrid/mail without a queue: sendgrid.js URL CLIENTS MAILS SIZE. CLIENTS loops, each with its next send when the last has
// resolved, on as many kept connections. Prints one JSON object: mails, seconds, rate.
'use strict';
const http = require('http');
const sendgrid = require('@sendgrid/mail');
const { Client } = require('@sendgrid/client');

const [url, ...numbers] = process.argv.slice(2);
const [clients, mails, size] = numbers.map(Number);
const client = new Client();
client.setApiKey('SG.benchmark');
client.setDefaultRequest('baseUrl', url);
// Its own agent would open a connection for each mail.
client.setDefaultRequest('httpAgent', new http.Agent({ keepAlive: true, maxSockets: clients, maxFreeSockets: clients }));
sendgrid.setClient(client);
const html = `<p>${'x'.repeat(size - 7)}</p>`;
let begun = 0;

async function loop(most) {
    while (begun < most) {
        begun += 1;
        const [answer] = await sendgrid.send({ from: 'Acme <noreply@example.com>', to: 'first@example.net', subject: 'Bench', html });
        if (answer.statusCode !== 202) throw new Error(`answered ${answer.statusCode}`);
    }
}

async function run() {
    await Promise.all(Array.from({ length: clients }, () => loop(mails / 10)));  // warm
    begun = 0;
    const start = process.hrtime.bigint();
    await Promise.all(Array.from({ length: clients }, () => loop(mails)));
    const seconds = Number(process.hrtime.bigint() - start) / 1e9;
    console.log(JSON.stringify({ mails, seconds, rate: mails / seconds }));
    process.exit(0);
}

run().catch((error) => { console.error(error); process.exit(1); });
