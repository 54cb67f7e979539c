//! Node.js: announces `Keep-Alive: timeout=1`, and closes (20.20, as measured) a full second after that has passed; over HTTP/2 it
//! keeps an idle session for a second, as the script says.
//!
//! Apart from its fellows because a server is nothing but its configuration, here a script. A request is logged, and
//! thereby counted as executed, when the handler gets it: before the answer, and even if nobody waits for that any more.

use super::Program;

/// Node.js 18.2 or later (`closeIdleConnections`).
pub(crate) const NODE: Program = Program {
    binary: "node",
    package: "nodejs",
    arguments: &["server.mjs"],
    file: "server.mjs",
    configuration: SCRIPT,
    graceful: "TERM",
    reload: "HUP",
};

// A cluster, because Node.js cannot reload: a process that serves takes the place of another, which closes its servers
// and ends when its last connection has ended. The primary keeps the listening sockets.
// session.close(), and not session.goaway(), which disowns streams and serves them all the same (20.20, as seen on the wire).
const SCRIPT: &str = r"
import cluster from 'node:cluster';
import { readFileSync, writeSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';

const standardOutput = 1;
const doors = 4;

const lead = () => {
    let current = cluster.fork();
    process.on('SIGHUP', () => {
        const old = current;
        current = cluster.fork();
        let open = 0;
        current.on('listening', () => ++open === doors && old.send('leave'));
    });
};

const serve = () => {
    let leaving = false;
    const sessions = new Set();
    const log = ({ method, url }) => writeSync(standardOutput, `${method} ${url} 200\n`);
    const answer = (request, response) => {
        log(request);
        if (leaving) response.setHeader('connection', 'close');
        request.resume().on('end', () => response.end('ok'));
    };
    // Answers of one frame: session.close() cuts off what is being written (18.20, as seen on the wire).
    const answerByStream = (request, { stream }) => {
        log(request);
        request.resume().on('end', () => stream.respond({ ':status': 200 }, { endStream: true }));
    };
    const options = { keepAliveTimeout: {idle} * 1000 };
    const identity = { cert: readFileSync('certificate.pem'), key: readFileSync('key.pem') };
    const ones = [http.createServer(options, answer), https.createServer({ ...options, ...identity }, answer)];
    const twos = [http2.createServer(answerByStream), http2.createSecureServer(identity, answerByStream)];
    for (const server of twos) {
        server.on('session', (session) => {
            sessions.add(session);
            session.on('close', () => sessions.delete(session));
            session.on('error', () => {});
            session.setTimeout(1000, () => session.close());
        });
        server.on('sessionError', () => {});
    }
    const servers = [...ones, ...twos];
    [{cleartext}, {tls}, {http2}, {http2_tls}].forEach((port, n) => servers[n].listen(port, '{address}'));

    process.on('message', async () => {
        leaving = true;
        const closed = servers.map((server) => new Promise((done) => server.close(done)));
        for (const server of ones) server.closeIdleConnections();
        for (const session of sessions) session.close();
        await Promise.all(closed);
        // The primary may have sent a connection meanwhile: it takes it back. With its last connection the process ends.
        cluster.worker.disconnect();
    });
};

cluster.isPrimary ? lead() : serve();
";
