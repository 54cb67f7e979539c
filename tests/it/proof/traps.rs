//! Peers that would make the rule lie: none of these may come out as `NotSent` or `NotReceived`.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use tokio::sync::mpsc;
use unstale::evidence::Delivery;
use unstale::{Attempts, Error};

use super::setup::{
    MODES, Subject, block_until_closed_by, block_until_half_closed, policy, post, settle,
};
use crate::peer::{Peer, Script, Tls};

/// A body that is written when the test says so.
pub struct Fed(pub mpsc::UnboundedReceiver<Bytes>);

impl Body for Fed {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0
            .poll_recv(cx)
            .map(|data| data.map(|data| Ok(Frame::data(data))))
    }
}

/// A body that is fed, and one that is at its end.
pub fn fed() -> (mpsc::UnboundedSender<Bytes>, Fed) {
    let (feed, body) = mpsc::unbounded_channel();
    (feed, Fed(body))
}

/// A body whose rest slips out before the runtime looks at its sockets again: it wakes its own task, so the runtime has
/// something else to do, and blocks it until the peer is where the test wants it.
struct Slipping<F> {
    frames: std::vec::IntoIter<Option<&'static str>>,
    before_the_rest: F,
}

impl<F: FnMut()> Slipping<F> {
    fn new(frames: Vec<Option<&'static str>>, before_the_rest: F) -> Self {
        Self {
            frames: frames.into_iter(),
            before_the_rest,
        }
    }
}

impl<F: FnMut() + Unpin> Body for Slipping<F> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.frames.next() {
            None => Poll::Ready(None),
            Some(None) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Some(data)) => {
                if data == "rest" {
                    (self.before_the_rest)();
                }
                Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(data.as_bytes())))))
            }
        }
    }

    // Its length is known, so the first piece goes out with the head, in one segment.
    fn size_hint(&self) -> SizeHint {
        let left = self.frames.as_slice().iter().flatten();
        SizeHint::with_exact(left.map(|data| data.len() as u64).sum())
    }
}

fn past_the_gate(script: Script) -> impl Fn(usize) -> Script + Send + 'static {
    move |n| match n {
        0 => Script::new().serve().serve().serve().then(script.clone()),
        _ => Script::serve_forever(),
    }
}

fn assert_unknown(error: &Error, tls: Tls) {
    let evidence = error.evidence().unwrap();
    assert_eq!(
        evidence.delivery(),
        Delivery::Unknown,
        "{tls:?}: {error} {error:?}"
    );
    assert_eq!(error.attempts().len(), 1, "{tls:?}");
}

/// Sends a POST past the gate to a peer that goes on by `script`, which must half-close at "close".
async fn lose(tls: Tls, script: Script) -> (Peer, Result<(), Error>) {
    let peer = Peer::start(tls, past_the_gate(script));
    let subject = Subject::<Full<Bytes>>::new(&peer, policy());
    subject.get_past_the_gate(&peer, Full::default).await;
    peer.go("close");
    block_until_half_closed(&peer);
    let answer = subject.send(post(&peer, "/4", Full::from("pay"))).await;
    let answer = answer.map(|response| {
        assert!(
            Attempts::of(&response).is_empty(),
            "{:?}",
            Attempts::of(&response)
        );
    });
    (peer, answer)
}

/// A peer that half-closes, reads and executes, and then goes on by `end`: the POST ran once, and nothing is claimed.
async fn executes_after_its_fin(end: Script) {
    for tls in MODES {
        let script = Script::new().wait("close").fin().read_all().execute();
        let (peer, answer) = lose(tls, script.then(end.clone())).await;
        assert_unknown(&answer.unwrap_err(), tls);
        assert_eq!(peer.executed("POST", "/4"), 1, "{tls:?}");
    }
}

#[tokio::test]
async fn half_close_then_read_execute_and_linger_is_unknown() {
    executes_after_its_fin(Script::new().discard()).await;
}

#[tokio::test]
async fn half_close_then_read_execute_and_close_at_once_is_unknown() {
    // The pending acknowledgement dies with the socket; a client that wrote its close_notify now would be answered by a
    // RST that acknowledges nothing.
    for _ in 0..5 {
        executes_after_its_fin(Script::new().close()).await;
    }
}

#[tokio::test]
async fn half_close_then_act_on_the_begin_of_a_body_and_close_is_unknown() {
    // The rest of the body slips out before the runtime has seen the FIN. It is answered by a RST, which acknowledges
    // nothing of the beginning either.
    for tls in MODES {
        let script = Script::new()
            .wait("close")
            .fin()
            .read_head()
            .read_body(5)
            .execute();
        let script = script.close();
        let peer = Peer::start(tls, past_the_gate(script));
        let peer = Arc::new(peer);
        let body = |frames| {
            let peer = Arc::clone(&peer);
            Slipping::new(frames, move || block_until_closed_by(&peer))
        };
        let subject = Subject::new(&peer, policy());
        subject.get_past_the_gate(&peer, || body(vec![])).await;
        peer.go("close");
        block_until_half_closed(&peer);

        let slipping = body(vec![Some("first"), None, Some("rest")]);
        let error = subject.send(post(&peer, "/4", slipping)).await.unwrap_err();
        let delivery = error.evidence().unwrap().delivery();
        assert_eq!(delivery, Delivery::Unknown, "{tls:?}: {error:?}");
        assert_eq!(peer.executed("POST", "/4"), 1, "{tls:?}");
    }
}

#[tokio::test]
async fn a_post_half_of_which_was_acknowledged_before_100_and_fin_is_not_replayed() {
    for tls in MODES {
        let script = Script::new()
            .read_head()
            .read_body(5)
            .signal("half")
            .send("HTTP/1.1 100 Continue\r\n\r\n")
            .fin()
            .discard();
        let peer = Peer::start(tls, move |n| match n {
            0 => Script::new().serve().serve().serve().then(script.clone()),
            _ => Script::serve_forever(),
        });
        let subject = Subject::new(&peer, policy());
        subject.get_past_the_gate(&peer, || fed().1).await;
        let (feed, body) = fed();
        feed.send(Bytes::from_static(b"first")).unwrap();
        let error = subject.send(post(&peer, "/4", body)).await.unwrap_err();
        let delivery = error.evidence().unwrap().delivery();
        assert_eq!(delivery, Delivery::Received, "{tls:?}: {error:?}");
        assert_eq!(error.attempts().len(), 1);
    }
}

#[tokio::test]
async fn a_reset_with_no_fin_before_it_is_never_proof() {
    for tls in MODES {
        let script = Script::new().read_all().execute().rst();
        let peer = Peer::start(tls, past_the_gate(script));
        let subject = Subject::<Full<Bytes>>::new(&peer, policy());
        subject.get_past_the_gate(&peer, Full::default).await;
        let error = subject
            .send(post(&peer, "/4", Full::from("pay")))
            .await
            .unwrap_err();
        assert_unknown(&error, tls);
        assert_eq!(peer.executed("POST", "/4"), 1);
    }
}

#[tokio::test]
async fn a_post_after_a_response_whose_end_came_late_is_unknown() {
    for tls in MODES {
        let peer = Peer::start(tls, |n| match n {
            0 => Script::new()
                .serve()
                .read_all()
                .send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n")
                .wait("end")
                .send("late")
                .read_all()
                .execute()
                .fin()
                .discard(),
            _ => Script::serve_forever(),
        });
        let subject = Subject::<Full<Bytes>>::new(&peer, policy());
        let first = subject
            .send(post(&peer, "/1", Full::from("pay")))
            .await
            .unwrap();
        first.into_body().collect().await.unwrap();
        settle().await;
        let second = subject
            .send(post(&peer, "/2", Full::from("pay")))
            .await
            .unwrap();
        peer.go("end");
        second.into_body().collect().await.unwrap();
        settle().await;
        let error = subject
            .send(post(&peer, "/3", Full::from("pay")))
            .await
            .unwrap_err();
        assert_unknown(&error, tls);
        assert_eq!(peer.executed("POST", "/3"), 1, "{tls:?}");
    }
}

/// Polls a future a few times, while everybody else goes on, and drops it.
async fn poll_and_drop(future: impl Future, times: usize) {
    let mut future = std::pin::pin!(future);
    for _ in 0..times {
        let poll = std::future::poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx)));
        if poll.await.is_ready() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_post_after_a_cancelled_one_is_unknown_or_goes_elsewhere() {
    for tls in MODES {
        for patience in 1..8 {
            let lost = Script::new()
                .serve()
                .serve()
                .read_all()
                .execute()
                .fin()
                .discard();
            let peer = Peer::start(tls, move |n| match n {
                0 => lost.clone(),
                _ => Script::serve_forever(),
            });
            let subject = Subject::<Full<Bytes>>::new(&peer, policy());
            let first = subject
                .send(post(&peer, "/1", Full::from("pay")))
                .await
                .unwrap();
            first.into_body().collect().await.unwrap();
            settle().await;
            let cancelled = subject.send(post(&peer, "/2", Full::from("pay")));
            poll_and_drop(cancelled, patience).await;
            settle().await;
            match subject.send(post(&peer, "/3", Full::from("pay"))).await {
                Ok(response) => assert!(Attempts::of(&response).len() <= 1),
                Err(error) => {
                    // The mark may be that of the cancelled one, whose answer then counts as this one's too.
                    let delivery = error.evidence().unwrap().delivery();
                    let refused = [Delivery::Unknown, Delivery::Received];
                    assert!(refused.contains(&delivery), "{tls:?}: {error:?}");
                    assert_eq!(error.attempts().len(), 1, "{tls:?}");
                }
            }
            assert_eq!(peer.executed("POST", "/3"), 1, "{tls:?}, {patience} polls");
        }
    }
}
