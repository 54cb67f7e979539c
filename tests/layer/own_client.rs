//! `Client` under other people's layers: replays sit below redirects, so each hop is sent again on its own evidence.

use http::{Request, StatusCode};
use http_body_util::BodyExt;
use tower::{Layer, ServiceBuilder, ServiceExt};
use tower_http::decompression::DecompressionLayer;
use tower_http::follow_redirect::policy::{PolicyExt, Standard, clone_body_fn};
use tower_http::follow_redirect::{FollowRedirect, FollowRedirectLayer};
use tower_http::trace::TraceLayer;
use unstale::verdict::{Grounds, Refusal};
use unstale::{Client, RetryPolicy};

use crate::peer::Script;
use crate::{redirect, stacks, wire};

fn client(policy: RetryPolicy) -> Client {
    let client = Client::builder().no_proxy().retry_policy(policy);
    client.build().unwrap()
}

fn follows() -> FollowRedirect<Client> {
    FollowRedirectLayer::new().layer(client(redirect::policy()))
}

#[tokio::test]
async fn a_post_answered_by_a_redirect_is_executed_once_when_its_second_hop_dies() {
    let peer = redirect::loses_the_second_hop();
    let client = follows();
    wire::warm::<_, wire::Body, _, _>(&client, &peer).await;
    let order = wire::request(&peer, "POST", "/order", "body");
    let response = wire::send(&client, order).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(wire::grounds(&response), [Grounds::Idempotent]);
    assert_eq!(peer.executed("POST", "/order"), 1);
    assert_eq!(peer.executed("GET", "/done"), 2);
    assert_eq!(peer.connections(), 2);
}

#[tokio::test]
async fn a_post_answered_by_a_redirect_that_leads_nowhere_is_executed_once() {
    let peer = redirect::points_nowhere();
    let client = follows();
    wire::warm::<_, wire::Body, _, _>(&client, &peer).await;
    let order = wire::request(&peer, "POST", "/order", "body");
    let error = wire::send(&client, order).await.unwrap_err();
    assert!(error.is_connect());
    assert_eq!(error.refusal(), Refusal::AttemptsExhausted);
    assert_eq!(peer.executed("POST", "/order"), 1);
}

#[tokio::test]
async fn a_post_redirected_with_its_method_is_executed_once_for_each_hop_and_never_again() {
    let moved = "HTTP/1.1 307 Temporary Redirect\r\nLocation: /moved\r\nContent-Length: 0\r\n\r\n";
    let peer = wire::peer_that_then(
        Script::new()
            .read_all()
            .execute()
            .send(moved)
            .read_all()
            .execute()
            .rst(),
    );
    let with_body = clone_body_fn(|body: &wire::Body| Some(body.clone()));
    let follow = Standard::default().and::<_, wire::Body, unstale::Error>(with_body);
    let client = FollowRedirectLayer::with_policy(follow).layer(client(redirect::policy()));
    wire::warm(&client, &peer).await;
    let order = wire::request(&peer, "POST", "/order", "body");
    let error = wire::send(&client, order).await.unwrap_err();
    assert_eq!(error.refusal(), Refusal::MayHaveBeenProcessed);
    assert_eq!(peer.executed("POST", "/order"), 1);
    assert_eq!(peer.executed("POST", "/moved"), 1);
}

#[tokio::test]
async fn under_tracing_decompression_redirects_and_a_header() {
    let peer = stacks::answers_by_gzip();
    let client = ServiceBuilder::new()
        .layer(TraceLayer::new_for_http())
        .layer(DecompressionLayer::new())
        .layer(FollowRedirectLayer::new())
        .layer(stacks::agent())
        .service(client(wire::unbudgeted()));
    wire::warm::<_, wire::Body, _, _>(&client, &peer).await;
    let call = client.oneshot(wire::request(&peer, "GET", "/", ""));
    let response = tokio::spawn(call).await.unwrap().unwrap();
    assert_eq!(wire::grounds(&response), [Grounds::Idempotent]);
    let body = response.into_body().collect().await.unwrap();
    assert_eq!(body.to_bytes(), "salut");
    stacks::assert_agent_on_every_get(&peer);
}

#[tokio::test]
async fn what_went_over_no_connection_is_not_counted_as_reuse() {
    let peer = wire::peer_that_then(Script::new().wait("go").fin().signal("fin").discard());
    let client = client(wire::unbudgeted());
    wire::warm::<_, wire::Body, _, _>(&client, &peer).await;
    peer.go("go");
    peer.reached("fin");
    let request = Request::get(peer.url("/")).body(wire::Body::default());
    let response = wire::send(&client, request.unwrap()).await.unwrap();
    assert_eq!(wire::grounds(&response), []);
    let counters = client.counters();
    assert_eq!((counters.opened(), counters.reused()), (2, 0));
    assert_eq!(counters.refused_at_gate(), 1);
}
