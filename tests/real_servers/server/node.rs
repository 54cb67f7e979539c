//! Node.js: announces `Keep-Alive: timeout=1`, and closes (20.20, as measured) a full second after that has passed.
//!
//! Apart from its fellows because a server is nothing but its configuration, here a script. A request is logged, and
//! thereby counted as executed, when the handler gets it: before the answer, and even if nobody waits for that any more.

use super::Program;

/// Node.js of any age that has ES modules.
pub(crate) const NODE: Program = Program {
    binary: "node",
    package: "nodejs",
    arguments: &["server.mjs"],
    file: "server.mjs",
    configuration: SCRIPT,
    graceful: "TERM",
};

const SCRIPT: &str = r"
import { readFileSync, writeSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';

const standardOutput = 1;
const options = { keepAliveTimeout: 1000 };
const answer = (request, response) => {
    writeSync(standardOutput, `${request.method} ${request.url} 200\n`);
    request.resume().on('end', () => response.end('ok'));
};

const identity = { cert: readFileSync('certificate.pem'), key: readFileSync('key.pem') };
http.createServer(options, answer).listen({cleartext}, '127.0.0.1');
https.createServer({ ...options, ...identity }, answer).listen({tls}, '127.0.0.1');
";
