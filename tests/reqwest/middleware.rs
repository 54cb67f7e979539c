//! The client as a middleware, beside the one that most programs have in its place.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Error, Next};
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;
use unstale::Attempts;
use unstale::request::RequestOptions;
use unstale::verdict::Refusal;

use crate::client::{configured, ours, url};
use crate::kernel;
use crate::peer::{Peer, Script, Tls};

/// In the place of what retries.
fn replaying(peer: &Peer) -> ClientBuilder {
    ClientBuilder::new(bare(peer)).with(ours(peer))
}

/// As its documentation has it, but that nobody waits.
fn retrying(peer: &Peer) -> ClientWithMiddleware {
    let none = Duration::from_millis(1);
    let policy = ExponentialBackoff::builder()
        .retry_bounds(none, none)
        .build_with_max_retries(3);
    let middleware = RetryTransientMiddleware::new_with_policy(policy);
    ClientBuilder::new(bare(peer)).with(middleware).build()
}

fn bare(peer: &Peer) -> reqwest::Client {
    configured(peer)(reqwest::Client::builder())
        .build()
        .unwrap()
}

/// The first connection serves once, then does this; any other serves.
fn first(script: Script) -> Peer {
    Peer::start(Tls::Off, move |n| match n {
        0 => Script::new().serve().then(script.clone()),
        _ => Script::serve_forever(),
    })
}

fn executes_and_closes() -> Peer {
    first(Script::new().read_all().execute().close())
}

async fn warm(client: &ClientWithMiddleware, peer: &Peer) {
    let response = client.get(url(peer, Tls::Off, "/warm")).send().await;
    response.unwrap().bytes().await.unwrap();
}

async fn post(client: &ClientWithMiddleware, peer: &Peer) -> Result<reqwest::Response, Error> {
    let post = client.post(url(peer, Tls::Off, "/post"));
    post.body("one=1").send().await
}

fn within(error: &Error) -> &unstale::Error {
    match error {
        Error::Middleware(error) => error.downcast_ref().unwrap(),
        Error::Reqwest(error) => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn a_post_that_was_executed_and_lost_is_executed_once_and_by_the_usual_middleware_twice() {
    let peer = executes_and_closes();
    let client = replaying(&peer).build();
    warm(&client, &peer).await;
    let error = post(&client, &peer).await.unwrap_err();
    assert_eq!(within(&error).refusal(), Refusal::MayHaveBeenProcessed);
    assert_eq!(peer.executed("POST", "/post"), 1);

    let peer = executes_and_closes();
    let client = retrying(&peer);
    warm(&client, &peer).await;
    post(&client, &peer).await.unwrap();
    assert_eq!(peer.executed("POST", "/post"), 2);
}

static SEEN: AtomicUsize = AtomicUsize::new(0);

/// A middleware that counts what it sees.
fn count<'a>(
    request: reqwest::Request,
    extensions: &'a mut http::Extensions,
    next: Next<'a>,
) -> Pin<Box<dyn Future<Output = Result<reqwest::Response, Error>> + Send + 'a>> {
    SEEN.fetch_add(1, Ordering::Relaxed);
    next.run(request, extensions)
}

#[tokio::test]
async fn a_get_that_was_lost_is_sent_again_and_seen_once_by_what_comes_before() {
    let peer = executes_and_closes();
    let client = ClientBuilder::new(bare(&peer))
        .with(count)
        .with(ours(&peer));
    let client = client.build();
    warm(&client, &peer).await;
    let get = client.get(url(&peer, Tls::Off, "/get")).send().await;
    let response = get.unwrap();
    assert_eq!(Attempts::in_extensions(response.extensions()).len(), 1);
    assert_eq!(peer.executed("GET", "/get"), 2);
    assert_eq!(SEEN.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_post_whose_connection_was_closed_before_is_not_lost() {
    let peer = first(Script::new().wait("close").close());
    let client = replaying(&peer).build();
    warm(&client, &peer).await;
    peer.go("close");
    kernel::block_until("the FIN", || kernel::established(peer.addr()) == 0);
    post(&client, &peer).await.unwrap();
    assert_eq!(peer.executed("POST", "/post"), 1);
}

#[tokio::test]
async fn options_come_by_the_requests_extensions() {
    let peer = executes_and_closes();
    let client = replaying(&peer).build();
    warm(&client, &peer).await;
    let get = client.get(url(&peer, Tls::Off, "/get"));
    let get = get.with_extension(RequestOptions::new().never_replay());
    let error = get.send().await.unwrap_err();
    assert_eq!(within(&error).refusal(), Refusal::CallerForbids);
}
