//! Random originals, random moments for new attempts, random interleavings: one reader, a prefix, bounded memory.

use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Body;
use proptest::collection::vec;
use proptest::prelude::*;

use super::super::{Lost, ReplayBody, Tape};
use super::script::{Script, Step, Witness, poll, sum};

#[derive(Clone, Debug)]
enum Act {
    Attempt,
    /// Takes the body over to read it whole; there is no latest handle after that.
    Collect,
    PollLatest,
    PollOlder(usize),
}

#[derive(Clone, Debug)]
struct Original {
    steps: Vec<Step>,
    sized: bool,
}

impl Original {
    fn script(&self) -> Script {
        if self.sized {
            Script::sized(self.steps.clone())
        } else {
            Script::new(self.steps.clone())
        }
    }

    fn data(&self) -> Vec<u8> {
        let mut whole = Vec::new();
        for step in &self.steps {
            if let Step::Data(data) = step {
                whole.extend_from_slice(data);
            }
        }
        whole
    }

    fn trailers(&self) -> Option<HeaderMap> {
        match self.steps.last() {
            Some(Step::Trailers(trailers)) => Some(trailers.clone()),
            _ => None,
        }
    }

    fn fails(&self) -> bool {
        matches!(self.steps.last(), Some(Step::Fail))
    }
}

prop_compose! {
    fn original()(
        mut steps in vec(
            prop_oneof![
                3 => vec(any::<u8>(), 0..8).prop_map(|data| Step::Data(Bytes::from(data))),
                1 => Just(Step::Pending),
            ],
            0..8,
        ),
        last in proptest::option::of(prop_oneof![Just(Step::Trailers(sum())), Just(Step::Fail)]),
        sized in any::<bool>(),
    ) -> Original {
        steps.extend(last);
        Original { steps, sized }
    }
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    vec(
        prop_oneof![
            4 => Just(Act::Attempt),
            1 => Just(Act::Collect),
            24 => Just(Act::PollLatest),
            8 => (0..3_usize).prop_map(Act::PollOlder),
        ],
        0..60,
    )
}

/// A handle and what it has yielded.
struct Attempt {
    body: ReplayBody<Script>,
    data: Vec<u8>,
    trailers: Option<HeaderMap>,
    ended: bool,
}

impl Attempt {
    fn new(body: ReplayBody<Script>) -> Self {
        Self {
            body,
            data: Vec::new(),
            trailers: None,
            ended: false,
        }
    }

    fn step(&mut self, original: &Original) {
        match poll(&mut self.body) {
            Poll::Pending => {}
            Poll::Ready(None) => self.ended = true,
            Poll::Ready(Some(Err(error))) => assert!(error.is_caller() && original.fails()),
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => self.data.extend_from_slice(&data),
                Err(frame) => self.trailers = frame.into_trailers().ok(),
            },
        }
        self.check(original);
    }

    fn check(&self, original: &Original) {
        let whole = original.data();
        assert!(whole.starts_with(&self.data), "not a prefix");
        let left = (whole.len() - self.data.len()) as u64;
        let hint = self.body.size_hint();
        assert!(hint.lower() <= left && hint.upper().is_none_or(|upper| left <= upper));
        if self.ended || self.body.is_end_stream() {
            assert_eq!(left, 0);
            assert_eq!(self.trailers, original.trailers());
            assert!(!original.fails() && self.body.progress().is_ended());
        }
    }
}

/// All that is alive of one original.
struct Scene<'a> {
    original: &'a Original,
    witness: Witness,
    tape: Tape<Script>,
    latest: Option<Attempt>,
    older: Vec<Attempt>,
}

impl<'a> Scene<'a> {
    fn new(original: &'a Original, limit: usize) -> Self {
        let script = original.script();
        Self {
            original,
            witness: script.witness(),
            tape: Tape::new(script, limit),
            latest: None,
            older: Vec::new(),
        }
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Attempt => match self.tape.attempt() {
                Ok(body) => self.older.extend(self.latest.replace(Attempt::new(body))),
                Err(lost) => assert_eq!(Some(lost), self.tape.lost()),
            },
            Act::Collect => {
                let collected = self
                    .tape
                    .poll_collect(&mut Context::from_waker(Waker::noop()));
                assert!(collected.is_pending() || collected == Poll::Ready(self.tape.collected()));
                self.older.extend(self.latest.take());
            }
            Act::PollLatest => {
                if let Some(latest) = &mut self.latest {
                    latest.step(self.original);
                }
            }
            Act::PollOlder(index) => self.poll_older(*index),
        }
    }

    fn poll_older(&mut self, index: usize) {
        let polls = self.witness.polls();
        let Some(old) = self.older.get_mut(index) else {
            return;
        };
        match poll(&mut old.body) {
            Poll::Ready(Some(Err(error))) => assert!(error.is_fenced()),
            // At its end from the start: nothing to be fenced off.
            Poll::Ready(None) => assert!(self.original.sized && self.original.steps.is_empty()),
            _ => panic!("an older handle is not fenced"),
        }
        assert_eq!(
            self.witness.polls(),
            polls,
            "an older handle polled the original"
        );
    }

    fn check(&self, limit: usize) {
        assert!(self.tape.recorded() <= limit);
        assert!(self.tape.lost() != Some(Lost::CallerError) || self.original.fails());
        if let Some(whole) = self.tape.collected() {
            assert_eq!(whole, self.original.data());
        }
    }
}

/// If it is not lost, one more attempt gets everything there is.
fn finish(tape: &Tape<Script>, original: &Original) {
    let Ok(body) = tape.attempt() else {
        return;
    };
    let mut attempt = Attempt::new(body);
    while !attempt.ended && !attempt.body.progress().is_ended() {
        attempt.step(original);
    }
    if !original.fails() {
        assert_eq!(attempt.data, original.data());
        assert_eq!(attempt.trailers, original.trailers());
    }
}

proptest! {
    #[test]
    fn the_latest_handle_alone_reads_a_prefix_of_the_original_within_bounded_memory(
        original in original(),
        limit in 0..40_usize,
        acts in acts(),
    ) {
        let mut scene = Scene::new(&original, limit);
        for act in &acts {
            scene.act(act);
            scene.check(limit);
        }
        finish(&scene.tape, &original);
    }
}
