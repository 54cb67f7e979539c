//! Scripts of HTTP/2: streams are served in the order in which they came, so that the last one in hand is the newest that
//! was acted on, and a GOAWAY about those behind it is true.

use super::{filler, pause};
use crate::peer_h2::{Code, Frame, Script2, Stream};
use crate::random::Dice;

pub fn http2(seed: u64) -> Script2 {
    let mut dice = Dice(seed);
    let mut script = settings(&mut dice);
    for _ in 0..dice.below(200) {
        script = paused(exchange(script, &mut dice), &mut dice);
    }
    let script = up_to_the_end(script, &mut dice);
    end(script, &mut dice)
}

/// Answers all that it executes, then says that it ends, and reads on: so no answer may be lost.
pub fn polite_http2(seed: u64) -> Script2 {
    let mut dice = Dice(seed);
    let mut script = settings(&mut dice);
    for _ in 0..dice.below(100) {
        script = paused(answered(script, &mut dice), &mut dice);
    }
    let script = match dice.below(4) {
        0 => script.goaway(Stream::MAX, Code::NoError),
        1 => script.read_head().goaway(Stream::BeforeLast, Code::NoError),
        2 => answered(script, &mut dice).goaway(Stream::Last, Code::NoError),
        _ => script,
    };
    paused(script, &mut dice).fin().discard()
}

fn settings(dice: &mut Dice) -> Script2 {
    match dice.below(3) {
        0 => Script2::max_streams(1 + u32::try_from(dice.below(8)).unwrap()),
        _ => Script2::new(),
    }
}

fn answered(script: Script2, dice: &mut Dice) -> Script2 {
    let script = script.read_all().execute();
    if dice.chance(20) {
        let body = Frame::LastData(Stream::Last, filler(dice));
        return script.send([Frame::Head(Stream::Last), body]);
    }
    script.echo()
}

fn exchange(script: Script2, dice: &mut Dice) -> Script2 {
    match dice.below(24) {
        0 => script.read_all().reset(Stream::Last, Code::RefusedStream),
        1 => script
            .read_all()
            .execute()
            .reset(Stream::Last, Code::InternalError),
        2 => script
            .read_all()
            .execute()
            .half_answer()
            .reset(Stream::Last, Code::Cancel),
        _ => answered(script, dice),
    }
}

fn up_to_the_end(script: Script2, dice: &mut Dice) -> Script2 {
    match dice.below(12) {
        // Idle, or in the midst of whatever comes. (To wait for a byte would be too much: all may have been read.)
        0 | 1 => paused(script, dice),
        2 => script,
        3 => paused(script.read_head(), dice),
        4 => paused(script.read_all(), dice),
        5 => paused(script.read_all().execute(), dice),
        6 => script.read_all().execute().half_answer(),
        7 => script.goaway(Stream::Id(0), Code::NoError),
        8 => script
            .goaway(Stream::MAX, Code::NoError)
            .read_all()
            .execute()
            .echo()
            .read_head()
            .goaway(Stream::BeforeLast, Code::NoError),
        9 => script
            .read_head()
            .goaway(Stream::BeforeLast, Code::EnhanceYourCalm),
        10 => script
            .read_all()
            .execute()
            .goaway(Stream::Last, Code::InternalError),
        _ => script
            .read_all()
            .execute()
            .goaway(Stream::Last, Code::NoError)
            .echo(),
    }
}

fn end(script: Script2, dice: &mut Dice) -> Script2 {
    match dice.below(5) {
        0 => script.close(),
        1 => script.rst(),
        2 => paused(script.fin(), dice).rst(),
        _ => script.fin().discard(),
    }
}

fn paused(script: Script2, dice: &mut Dice) -> Script2 {
    // All streams wait for it, so it is seldom.
    match pause(dice).filter(|_| dice.chance(4)) {
        Some(pause) => script.pause(pause),
        None => script,
    }
}
