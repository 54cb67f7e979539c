//! `Client` below a layer that follows redirects: what was executed on the first hop is not executed again because of what
//! becomes of the second.

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceExt};
use tower_http::follow_redirect::FollowRedirectLayer;
use unstale::evidence::Delivery;
use unstale::{Client, Error, ResponseBody};

use super::setup::{on_both, post, read, soon, url};
use crate::client::pooled;
use crate::peer::{Peer, Script, Tls};

/// Executes a POST and answers 303 to this place; then does what the script says.
fn see_other(place: &str, then: Script) -> Script {
    let answer =
        format!("HTTP/1.1 303 See Other\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n");
    Script::new().read_all().execute().send(answer).then(then)
}

async fn pay(client: &Client, peer: &Peer) -> Result<http::Response<ResponseBody>, Error> {
    let client = FollowRedirectLayer::new().layer(client.clone());
    soon(client.oneshot(post(url(peer, "/pay")))).await
}

#[test]
fn a_post_is_executed_once_when_the_second_hop_dies_on_its_connection() {
    on_both(async || {
        let deaths = [
            Script::new().wait_first_byte().close(),
            Script::new().read_all().close(),
            Script::new().wait_first_byte().fin().discard(),
            Script::new().close(),
            Script::new().rst(),
        ];
        for death in deaths {
            let peer = Peer::start(Tls::Off, move |n| match n {
                0 => see_other("/done", death.clone()),
                _ => Script::serve_forever(),
            });
            let client = pooled(&peer).build().unwrap();
            // The second hop is a GET on a connection that has served: it is sent again, and it alone.
            let answer = pay(&client, &peer).await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
            assert_eq!(read(answer).await, "ok");
            assert_eq!(peer.executed("POST", "/pay"), 1);
            assert_eq!(peer.executed("GET", "/done"), 1);
        }
    });
}

#[test]
fn a_post_is_executed_once_when_the_second_hop_dies_for_good() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |n| match n {
            0 => see_other("/done", Script::new().read_all().execute().close()),
            _ => Script::new().read_all().execute().close(),
        });
        let client = pooled(&peer).build().unwrap();
        let error = pay(&client, &peer).await.unwrap_err();
        assert_eq!(error.evidence().unwrap().delivery(), Delivery::Unknown);
        assert_eq!(peer.executed("POST", "/pay"), 1);
        // Twice over the connection that has served, once over another, if that one was not free yet.
        assert!((1..=2).contains(&peer.executed("GET", "/done")));
    });
}

#[test]
fn a_post_is_executed_once_when_the_second_hop_leads_to_another_server_that_dies() {
    on_both(async || {
        let other = Peer::start(Tls::Off, |_| Script::new().read_all().execute().close());
        let place = url(&other, "/done");
        let peer = Peer::start(Tls::Off, move |_| {
            see_other(&place, Script::serve_forever())
        });
        let client = pooled(&peer).build().unwrap();
        let error = pay(&client, &peer).await.unwrap_err();
        assert_eq!(error.evidence().unwrap().delivery(), Delivery::Unknown);
        assert_eq!(peer.executed("POST", "/pay"), 1);
        assert_eq!(other.executed("GET", "/done"), 1, "on a new connection");
    });
}

#[test]
fn a_post_is_executed_once_when_the_second_hop_leads_nowhere() {
    on_both(async || {
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let place = format!("http://{}/done", nobody.local_addr().unwrap());
        drop(nobody);
        let peer = Peer::start(Tls::Off, move |_| {
            see_other(&place, Script::serve_forever())
        });
        let client = pooled(&peer).build().unwrap();
        let error = pay(&client, &peer).await.unwrap_err();
        assert!(error.is_connect(), "{error}");
        assert_eq!(peer.executed("POST", "/pay"), 1);
    });
}
