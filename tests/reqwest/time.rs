//! One span of time for all attempts and hops, the response's body included.

use std::time::Duration;

use unstale::RetryPolicy;
use unstale::evidence::End;
use unstale::reqwest::Client;
use unstale::verdict::Refusal;

use crate::client::{self, Stack, configured, url};
use crate::peer::{Peer, Script, Tls};

const SHORT: Duration = Duration::from_millis(300);

fn silent() -> Script {
    Script::new().serve().read_all().execute().stall()
}

fn short(peer: &Peer) -> Client {
    let client = client::builder(Stack::Asking, peer);
    client.timeout(SHORT).build().unwrap()
}

async fn warm(client: &Client, peer: &Peer) {
    let response = client.get(url(peer, Tls::Off, "/warm")).send().await;
    response.unwrap().bytes().await.unwrap();
}

#[tokio::test]
async fn a_timeout_is_an_error_of_its_own_and_no_replay() {
    let peer = Peer::start(Tls::Off, |_| silent());
    let client = short(&peer);
    warm(&client, &peer).await;
    let error = client.get(url(&peer, Tls::Off, "/")).send().await;
    let error = error.unwrap_err();
    assert!(error.is_timeout() && !error.is_stale(), "{error:?}");
    assert_eq!(peer.executed("GET", "/"), 1);
}

#[tokio::test]
async fn a_timeout_of_one_request_stands_above_the_clients() {
    let peer = Peer::start(Tls::Off, |_| silent());
    let client = client::builder(Stack::Asking, &peer);
    let client = client.timeout(Duration::from_secs(600)).build().unwrap();
    warm(&client, &peer).await;
    let request = client.get(url(&peer, Tls::Off, "/")).timeout(SHORT);
    assert!(request.send().await.unwrap_err().is_timeout());
}

#[tokio::test]
async fn a_timeout_in_reqwests_own_builder_is_no_replay_either() {
    for is_of_reading in [false, true] {
        let peer = Peer::start(Tls::Off, |_| silent());
        let mut configure = configured(&peer);
        let client = Client::builder(|builder| {
            if is_of_reading {
                configure(builder).read_timeout(SHORT)
            } else {
                configure(builder).timeout(SHORT)
            }
        });
        let client = client.retry_policy(client::policy()).build().unwrap();
        warm(&client, &peer).await;
        let error = client.get(url(&peer, Tls::Off, "/")).send().await;
        let error = error.unwrap_err();
        assert_eq!(error.evidence().unwrap().end(), End::CallerTimeout);
        assert_eq!(error.refusal(), Refusal::DeadlineExceeded);
        assert!(error.is_timeout(), "{error:?}");
        assert_eq!(peer.executed("GET", "/"), 1);
    }
}

/// Whether it was answered in the end, which it would be if each attempt, or each hop, had all of the time.
async fn is_out_of_time(first: Script) {
    let more_than_half = SHORT * 2 / 3;
    let peer = Peer::start(Tls::Off, move |n| match n {
        0 => {
            let begun = Script::new().serve().read_all().execute();
            begun.pause(more_than_half).then(first.clone())
        }
        _ => Script::new().read_all().pause(more_than_half).answer(),
    });
    let client = short(&peer);
    warm(&client, &peer).await;
    let answer = client.get(url(&peer, Tls::Off, "/")).send().await;
    let error = answer.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
}

#[tokio::test]
async fn the_time_runs_on_from_attempt_to_attempt() {
    is_out_of_time(Script::new().rst()).await;
}

#[tokio::test]
async fn the_time_runs_on_from_hop_to_hop() {
    let see_other = "HTTP/1.1 303 See Other\r\nLocation: /done\r\nContent-Length: 0\r\n\r\n";
    is_out_of_time(Script::new().send(see_other).close()).await;
}

#[tokio::test]
async fn the_time_goes_on_while_the_body_is_read() {
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no";
    let peer = Peer::start(Tls::Off, move |_| {
        Script::new().read_all().execute().send(half).stall()
    });
    let response = short(&peer).get(url(&peer, Tls::Off, "/")).send().await;
    let error = response.unwrap().bytes().await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
}

#[tokio::test]
async fn a_deadline_of_the_policy_holds_as_well() {
    let peer = Peer::start(Tls::Off, |_| silent());
    let policy = RetryPolicy::builder().no_budget().deadline(SHORT);
    let client = client::builder(Stack::Asking, &peer);
    let client = client
        .retry_policy(policy.build().unwrap())
        .timeout(Duration::from_secs(600))
        .build()
        .unwrap();
    warm(&client, &peer).await;
    let error = client.get(url(&peer, Tls::Off, "/")).send().await;
    assert!(error.unwrap_err().is_timeout());
}
