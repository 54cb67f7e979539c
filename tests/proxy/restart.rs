//! nginx behind the proxy, reloaded and restarted under load: no request that the policy covers fails, and none is executed
//! twice.
//!
//! Covered is what never left the proxy, and what the server's HTTP/2 layer refused. What left and met the end of a connection
//! is not, though the kernel prove that nobody received it; the proxy's client reads 502 then, and its own policy is what
//! repeats it.

use std::collections::BTreeMap;
use std::time::Duration;

use http::StatusCode;
use tokio::time::sleep;
use unstale::evidence::{Delivery, Evidence};
use unstale::policy::{Jitter, Pause};
use unstale::{Client, RetryPolicy};

use crate::client::{self, Answer, Failure, UnstaleClient};
use crate::server::{NGINX, Scheme, Server};
use crate::setup::Proxy;
use crate::traffic::{self, Report};

/// How many requests are under way at once.
const AT_ONCE: usize = 32;

/// How often it is reloaded or restarted, and how long the load goes on in between.
const TIMES: usize = 4;
const BETWEEN: Duration = Duration::from_millis(500);

/// For how long nobody listens, beside the time that nginx takes.
const GONE: Duration = Duration::from_millis(100);

macro_rules! table {
    ($play:ident; $($name:ident: $scheme:ident;)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        #[ignore = "needs nginx"]
        async fn $name() {
            $play(Scheme::$scheme).await;
        }
    )*};
}

table! { reloaded;
    nginx_reloads_behind_the_proxy_in_cleartext: Cleartext;
    nginx_reloads_behind_the_proxy_over_tls: Tls;
    nginx_reloads_behind_the_proxy_over_http2: Http2;
    nginx_reloads_behind_the_proxy_over_http2_and_tls: Http2Tls;
}

table! { restarted;
    nginx_restarts_behind_the_proxy_in_cleartext: Cleartext;
    nginx_restarts_behind_the_proxy_over_http2: Http2;
}

async fn reloaded(scheme: Scheme) {
    let mut server = Server::start(&NGINX).await;
    let proxy = before(&server, scheme, RetryPolicy::proxy()).await;
    let reloading = async {
        for _ in 0..TIMES {
            sleep(BETWEEN).await;
            server.replace(&proxy.client).await;
        }
        sleep(BETWEEN).await;
    };
    let report = load(&proxy, reloading).await;
    judge(&proxy, &report, &mut server).await;
}

async fn restarted(scheme: Scheme) {
    let mut server = Server::start(&NGINX).await;
    // What was never sent may be tried for as long as one cares to wait: nginx is gone for a moment.
    let patient = RetryPolicy::proxy().to_builder().connect(50);
    let pause = Pause::Exponential {
        base: Duration::from_millis(20),
        max: Duration::from_millis(200),
        jitter: Jitter::Full,
    };
    let policy = patient.pause(pause).build().unwrap();
    let proxy = before(&server, scheme, policy).await;
    let restarting = async {
        for _ in 0..TIMES {
            sleep(BETWEEN).await;
            server.restart(GONE).await;
        }
        sleep(BETWEEN).await;
    };
    let report = load(&proxy, restarting).await;
    judge(&proxy, &report, &mut server).await;
}

async fn before(server: &Server, scheme: Scheme, policy: RetryPolicy) -> Proxy {
    let client = client::pooled_builder(server.certificate(), scheme).retry_policy(policy);
    Proxy::with(client, &server.url(scheme)).await
}

/// GET, POST and PUT by turns, until the other future is ready.
async fn load(proxy: &Proxy, until: impl Future<Output = ()>) -> Report<Answer, Failure> {
    let client = Client::builder()
        .no_proxy()
        .retry_policy(RetryPolicy::never());
    let client = client.build().unwrap();
    let ours = || {
        let client = UnstaleClient::of(client.clone());
        move |request| client.clone().send(request)
    };
    traffic::crowd(&format!("http://{}", proxy.addr), AT_ONCE, until, ours).await
}

async fn judge(proxy: &Proxy, report: &Report<Answer, Failure>, server: &mut Server) {
    proxy.client.close().await;
    let executed = server.executed().await;
    let failures = proxy.failures();
    let deliveries = failures
        .iter()
        .map(|it| it.evidence().map(Evidence::delivery));
    let mut counted = BTreeMap::<String, usize>::new();
    for delivery in deliveries.clone() {
        *counted.entry(format!("{delivery:?}")).or_default() += 1;
    }
    println!(
        "{} sent; {} failed: {counted:?}\n{}",
        report.sent(),
        failures.len(),
        proxy.client.counters()
    );

    // The proxy always answers.
    assert!(report.failed.is_empty(), "{:?}", report.failed);
    let unheard = Some(Delivery::NotReceived);
    for (failure, delivery) in failures.iter().zip(deliveries.clone()) {
        let has_left = delivery == unheard || delivery == Some(Delivery::Unknown);
        assert!(has_left, "{failure}\n{failure:?}");
    }
    let (mut failed, mut executed_all_the_same) = (0, 0);
    for (id, answer) in &report.answered {
        let times = executed.get(id).copied().unwrap_or_default();
        match answer.status {
            StatusCode::OK => assert_eq!(times, 1, "{id:?} was answered"),
            StatusCode::BAD_GATEWAY => {
                failed += 1;
                executed_all_the_same += times;
                assert!(times <= 1, "{id:?} was executed {times} times");
            }
            other => panic!("{id:?} was answered {other}"),
        }
    }
    assert_eq!(failed, failures.len());
    let unheard = deliveries.filter(|delivery| *delivery == unheard).count();
    assert!(executed_all_the_same + unheard <= failed, "the proof lies");
}
