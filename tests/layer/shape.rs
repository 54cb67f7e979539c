//! What the compiler is to hold: threads may share and send everything, errors are one word, services can be boxed.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::ServiceExt;
use tower::util::{BoxCloneService, BoxCloneSyncService};
use unstale::body::Tape;
use unstale::evidence::{AttemptError, AttemptToken, End, Evidence, Trace};
use unstale::verdict::Attempt;
use unstale::{Attempts, Error, Replay, ReplayBody, ReplayLayer, RetryPolicy, TrackLayer};

use crate::mock::{Mock, Reply};
use crate::wire;

/// Sent between threads, but not shared.
struct SendOnly(std::cell::Cell<u8>);

impl http_body::Body for SendOnly {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        self.0.set(1);
        std::task::Poll::Ready(None)
    }
}

fn is_shared<T: Send + Sync + 'static>() {}
fn is_sent<T: Send>(value: T) -> T {
    value
}

#[test]
fn everything_is_send_and_sync() {
    is_shared::<Replay<Mock>>();
    is_shared::<ReplayLayer>();
    is_shared::<RetryPolicy>();
    is_shared::<Error>();
    is_shared::<ReplayBody<SendOnly>>();
    is_shared::<Tape<SendOnly>>();
    is_shared::<Evidence>();
    is_shared::<Trace>();
    is_shared::<Attempt>();
    is_shared::<Attempts>();
    is_shared::<AttemptToken>();
    is_shared::<AttemptError>();
    is_shared::<TrackLayer>();
    is_shared::<unstale::policy::Budget>();
    is_shared::<unstale::policy::RetryPolicyBuilder>();
}

#[test]
fn an_error_is_one_word_and_so_is_the_result_around_it() {
    let word = size_of::<usize>();
    assert_eq!(size_of::<Error>(), word);
    assert_eq!(size_of::<Result<(), Error>>(), word);
}

#[tokio::test]
async fn futures_can_be_sent() {
    let mock = Mock::new([Reply::Ok]);
    let request = Request::get("http://mock/").body(SendOnly(std::cell::Cell::new(0)));
    let call = mock
        .replayed(RetryPolicy::default())
        .oneshot(request.unwrap());
    tokio::spawn(is_sent(call)).await.unwrap().unwrap();

    let peer = wire::peer_that_then(crate::peer::Script::serve_forever());
    let client = wire::tapped(RetryPolicy::default());
    let call = client.oneshot(wire::request(&peer, "GET", "/", ""));
    tokio::spawn(is_sent(call)).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_service_can_be_boxed() {
    type Boxed = BoxCloneService<Request<Full<Bytes>>, Response<()>, Error>;
    let unsent = || Reply::end(End::HandedBack);
    let mock = Mock::new([unsent(), Reply::Ok, unsent(), Reply::Ok]);
    let request = || Request::post("http://mock/").body(Full::default()).unwrap();

    let boxed: Boxed = BoxCloneService::new(mock.replayed(RetryPolicy::default()));
    wire::send(&boxed, request()).await.unwrap();

    let shared = BoxCloneSyncService::new(mock.replayed(RetryPolicy::default()));
    is_shared::<BoxCloneSyncService<Request<Full<Bytes>>, Response<()>, Error>>();
    wire::send(&shared, request()).await.unwrap();
    assert_eq!(mock.calls(), 4);
}

#[tokio::test]
async fn it_wraps_a_boxed_service() {
    use tower::Layer;
    type Inner = Request<ReplayBody<Full<Bytes>>>;
    let mock = Mock::new([Reply::end(End::HandedBack), Reply::Ok]);
    let boxed = BoxCloneService::<Inner, _, _>::new(mock.clone());
    let service = ReplayLayer::default().layer(boxed);
    let request = Request::post("http://mock/").body(Full::default()).unwrap();
    wire::send(&service, request).await.unwrap();
    assert_eq!(mock.calls(), 2);
}
