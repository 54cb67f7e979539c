//! Evidence for the mocks. A trace is counted by taps only, so a real one is taken from a connection that was lost.

use std::sync::OnceLock;
use std::thread;

use http::Request;
use unstale::RetryPolicy;
use unstale::evidence::{End, Evidence, Reuse, Trace};

use crate::peer::{Peer, Script, Tls};
use crate::wire;

/// Evidence of a request that may have been processed: it left on a kept-alive connection, which was then reset.
pub fn lost() -> Evidence {
    Evidence::new(End::Reset).with_trace(trace())
}

/// The trace of such a request. Taken on a thread of its own, whatever clock the test has.
fn trace() -> Trace {
    static TRACE: OnceLock<Trace> = OnceLock::new();
    TRACE
        .get_or_init(|| thread::spawn(lose_a_request).join().unwrap())
        .clone()
}

fn lose_a_request() -> Trace {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let peer = Peer::start(Tls::Off, |_| Script::new().serve().read_all().rst());
        let client = wire::tapped(RetryPolicy::never());
        wire::warm(&client, &peer).await;
        let request = Request::post(peer.url("/lost")).body(wire::Body::default());
        let error = wire::send(&client, request.unwrap()).await.unwrap_err();
        let trace = error.evidence().unwrap().trace().unwrap().clone();
        assert_eq!((trace.reuse(), trace.received()), (Reuse::Reused, 0));
        assert!(trace.sent() > 0);
        trace
    })
}
