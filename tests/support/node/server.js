// nodemailer's smtp-server as a program: server.js PORT TLS-PORT FOLDER CHAIN KEY USER PASSWORD [TOKENS]. Every mail that it
// answers with 250 becomes a file in FOLDER: one line of JSON with the envelope, then the bytes as they came (dots taken off). With
// TOKENS, the address of an introspection endpoint, there is no password: XOAUTH2 alone is offered, and asks there for each login.
'use strict';
const fs = require('fs');
const path = require('path');
const { SMTPServer } = require('smtp-server');

const [port, tlsPort, folder, chain, key, user, password, tokens] = process.argv.slice(2);
let number = 0;

// A refusal is Google's: 334 with JSON, and 535 after the client's empty line.
function refuse(done) {
    done(null, { data: { status: '400', schemes: 'Bearer', scope: 'https://mail.google.com/' } });
}

async function ask(auth, done) {
    const answer = await fetch(`${tokens}?token=${encodeURIComponent(auth.accessToken)}`);
    const { active } = await answer.json();
    return active && auth.username === user ? done(null, { user }) : refuse(done);
}

function authenticate(auth, session, done) {
    if (tokens) return ask(auth, done).catch((problem) => done(problem));
    const good = auth.username === user &&
        (auth.method === 'CRAM-MD5' ? auth.validatePassword(password) : auth.password === password);
    return good ? done(null, { user }) : done(new Error('Wrong user or password'));
}

function record(stream, session, done) {
    const pieces = [];
    stream.on('data', (piece) => pieces.push(piece));
    stream.on('end', () => {
        const name = path.join(folder, `${process.pid}-${String(++number).padStart(7, '0')}`);
        const { mailFrom, rcptTo } = session.envelope;
        const head = {
            sender: mailFrom ? mailFrom.address : '', recipients: rcptTo.map((one) => one.address),
            tls: session.secure, user: session.user || null,
        };
        fs.writeFileSync(`${name}.new`, Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), ...pieces]));
        fs.renameSync(`${name}.new`, name);
        done(null, 'Recorded');
    });
}

function serve(secure, at) {
    const server = new SMTPServer({
        secure, key: fs.readFileSync(key), cert: fs.readFileSync(chain), authMethods: tokens ? ['XOAUTH2'] : ['PLAIN', 'LOGIN', 'CRAM-MD5'],
        authOptional: !tokens, onAuth: authenticate, onData: record, size: 60000000, disableReverseLookup: true,
        name: 'nodemailer.invalid',
    });
    server.on('error', () => {});  // a client that hangs up is no reason to leave
    server.listen(Number(at), '127.0.0.1');
}

serve(false, port);
if (Number(tlsPort) !== 0) serve(true, tlsPort);
