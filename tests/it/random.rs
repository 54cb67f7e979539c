//! Random scripts, for the fuzz tests.
//!
//! Invariants the tests lean on: a seed always gives the same script; `Execute` stands only behind a request read to its end,
//! and once a request; a 2xx is complete only for an executed request; and a script never waits for more than a client
//! that sends whole requests, or closes, will bring.

use std::time::Duration;

use crate::peer::Script;

/// Every HTTP/1.1 request is longer: `GET / HTTP/1.1\r\n\r\n` has 18 bytes.
const SHORTER_THAN_ANY_REQUEST: usize = 16;

/// A script made from a seed: up to three sound exchanges, then an end of any kind.
///
/// It ends by itself, but for the waiting of any server for a next request: that ends with the client's connection.
pub fn script(seed: u64) -> Script {
    let mut dice = Dice(seed);
    let mut script = Script::new();
    for _ in 0..dice.below(4) {
        script = dice.delay(script);
        script = dice.sound_exchange(script);
    }
    match dice.below(4) {
        0 => script.then(Script::serve_forever()),
        1 => {
            script = dice.idle_noise(script);
            dice.end(script)
        }
        _ => {
            script = dice.read_part(script);
            script = dice.delay(script);
            script = dice.bad_answer(script);
            script = dice.delay(script);
            dice.end(script)
        }
    }
}

/// Chance that is the same each time.
///
/// `SplitMix64`: <https://prng.di.unimi.it/splitmix64.c>.
#[derive(Debug)]
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    pub fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }

    fn delay(&mut self, script: Script) -> Script {
        match self.below(8) {
            n @ 1..=5 => script.pause(Duration::from_millis(n as u64)),
            _ => script,
        }
    }

    /// The answers other than [`Script::answer`] have a body, which is unsound after HEAD.
    fn sound_exchange(&mut self, mut script: Script) -> Script {
        if self.chance(4) {
            script = script.read_some(1 + self.below(SHORTER_THAN_ANY_REQUEST));
        }
        script = script.read_all().execute();
        if self.chance(2) {
            return script.answer();
        }
        if self.chance(4) {
            script = script.send("HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n");
        }
        let answer = self.sound_answer();
        self.send(script, answer)
    }

    fn sound_answer(&mut self) -> Vec<u8> {
        let choices = [
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 201 Created\r\nKeep-Alive: timeout=1\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1;x=y\r\nk\r\n0\r\nTrailer: t\r\n\r\n",
        ];
        self.pick(&choices).into()
    }

    /// Reads nothing, some, or all of a request; executes it only in the last case.
    fn read_part(&mut self, script: Script) -> Script {
        match self.below(7) {
            0 => script,
            1 => script.wait_first_byte(),
            2 => script.read_some(1 + self.below(SHORTER_THAN_ANY_REQUEST)),
            3 => script.read_head(),
            4 => script.read_head().read_body(1 + self.below(4096)),
            5 => script.read_all(),
            _ => script.read_all().execute(),
        }
    }

    /// Never a complete 2xx: the request may not have been executed.
    fn bad_answer(&mut self, script: Script) -> Script {
        let bytes = match self.below(8) {
            0 => return script,
            1 => self.garbage(),
            2 => {
                let mut answer = self.sound_answer();
                answer.truncate(self.below(answer.len()));
                answer
            }
            3 => huge_head(self.below(600 * 1024)),
            _ => self.faulty_answer().into(),
        };
        self.send(script, bytes)
    }

    fn faulty_answer(&mut self) -> &'static str {
        self.pick(&[
            "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy",
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nxyz\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n",
        ])
    }

    /// What some servers send to a connection that asks nothing.
    fn idle_noise(&mut self, script: Script) -> Script {
        match self.below(3) {
            0 => script,
            1 => script.send(
                "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            ),
            _ => {
                let garbage = self.garbage();
                self.send(script, garbage)
            }
        }
    }

    fn end(&mut self, script: Script) -> Script {
        match self.below(6) {
            0 => script.close(),
            1 => script.rst(),
            2 => script.fin().discard(),
            3 => script.fin().wait_first_byte().close(),
            4 => self.delay(script.fin()).rst(),
            _ => self.delay(script.fin()).close(),
        }
    }

    fn garbage(&mut self) -> Vec<u8> {
        (0..=self.below(64))
            .map(|_| self.next().to_be_bytes()[0])
            .collect()
    }

    /// Sends in up to four pieces, cut anywhere, now and then with a pause between them.
    fn send(&mut self, mut script: Script, mut bytes: Vec<u8>) -> Script {
        let mut pieces = Vec::new();
        for _ in 0..self.below(4) {
            let rest = bytes.split_off(self.below(bytes.len() + 1));
            pieces.push(std::mem::replace(&mut bytes, rest));
        }
        pieces.push(bytes);
        if self.chance(2) {
            return script.send_split(pieces);
        }
        for piece in pieces {
            script = self.delay(script.send(piece));
        }
        script
    }
}

/// Sound but for its size, which clients limit.
fn huge_head(bytes: usize) -> Vec<u8> {
    let filler = "x".repeat(bytes);
    format!("HTTP/1.1 500 Internal Server Error\r\nFiller: {filler}\r\nContent-Length: 0\r\n\r\n")
        .into()
}
