//! Scripts of HTTP/1: those of the fuzz, and ones that serve more and end at a chosen point.

use super::{filler, pause};
use crate::peer::Script;
use crate::random::Dice;

const TOO_LARGE: &str = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n";

pub fn http1(seed: u64) -> Script {
    let mut dice = Dice(seed);
    if dice.chance(4) {
        return crate::random::script(dice.next());
    }
    if dice.chance(60) {
        let script = paused(Script::no_handshake(), &mut dice);
        return if dice.chance(2) {
            script.rst()
        } else {
            script.close()
        };
    }
    let mut script = Script::new();
    for _ in 0..dice.below(20) {
        script = match dice.below(20) {
            0 => early_answer(script, &mut dice).read_body(usize::MAX),
            _ => exchange(script, &mut dice),
        };
        script = paused(script, &mut dice);
    }
    if dice.chance(10) {
        return script.repeat(Script::new().read_all().execute().echo());
    }
    let script = match dice.below(12) {
        0 => early_answer(script, &mut dice),
        _ => up_to_the_end(script, &mut dice),
    };
    end(script, &mut dice)
}

/// Answers all that it executes, then says that it ends, and reads on: so no answer may be lost.
pub fn polite_http1(seed: u64) -> Script {
    let mut dice = Dice(seed);
    let mut script = Script::new();
    for _ in 0..dice.below(20) {
        script = paused(exchange(script, &mut dice), &mut dice);
    }
    script.fin().discard()
}

fn exchange(script: Script, dice: &mut Dice) -> Script {
    let script = script.read_all().execute();
    match dice.below(16) {
        0 => {
            let body = filler(dice);
            script.send(head(body.len())).send(body)
        }
        1 => script.send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"),
        2 => script.send(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n2\r\nxx\r\n0\r\n\r\n",
        ),
        _ => script.echo(),
    }
}

/// The answer comes before the body has been read, and says that nothing was done.
fn early_answer(script: Script, dice: &mut Dice) -> Script {
    let script = script.read_head().send(TOO_LARGE);
    match dice.below(3) {
        0 => script,
        1 => paused(script, dice).read_body(usize::MAX),
        _ => script.read_body(1 + dice.below(60_000)),
    }
}

/// How far the last request gets.
fn up_to_the_end(script: Script, dice: &mut Dice) -> Script {
    match dice.below(10) {
        // Idle: between two exchanges.
        0 => paused(script, dice),
        1 => script,
        2 => script.wait_first_byte(),
        3 => script.read_some(1 + dice.below(16)),
        4 => paused(script.read_head(), dice),
        5 => script.read_head().read_body(1 + dice.below(60_000)),
        6 => paused(script.read_all(), dice),
        7 => paused(script.read_all().execute(), dice),
        8 => {
            let answer = [head(10), "half".to_owned()].concat();
            let cut = dice.below(answer.len());
            script.read_all().execute().send(&answer.as_bytes()[..cut])
        }
        _ => {
            let body = filler(dice);
            script
                .read_all()
                .execute()
                .send(head(body.len() + 1))
                .send(body)
        }
    }
}

fn end(script: Script, dice: &mut Dice) -> Script {
    match dice.below(8) {
        0 | 1 => script.close(),
        2 => script.rst(),
        3 => script.fin().discard(),
        4 => script.fin().wait_first_byte().close(),
        5 => paused(script.fin(), dice).rst(),
        // It half-closes, and acts on what came after that: `socket.end()` of Node.
        6 => script.fin().read_all().execute().discard(),
        _ => paused(script.fin(), dice).close(),
    }
}

fn paused(script: Script, dice: &mut Dice) -> Script {
    match pause(dice) {
        Some(pause) => script.pause(pause),
        None => script,
    }
}

fn head(length: usize) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n")
}
