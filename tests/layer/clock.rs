//! Deadlines and pauses, under a paused clock: it moves only when nothing else can, and exactly to the next timer.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use tokio::time::Instant;
use unstale::evidence::{End, SecondLook};
use unstale::policy::{Jitter, NonIdempotent, Pause, RetryPolicyBuilder};
use unstale::request::RequestOptions;
use unstale::verdict::{Refusal, Verdict};
use unstale::{Error, RetryPolicy};

use crate::frames::Frames;
use crate::mock::{Mock, Reply};
use crate::{sample, wire};

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn request(options: RequestOptions) -> Request<Full<Bytes>> {
    let request = Request::post("http://mock/").extension(options);
    request.body(Full::default()).unwrap()
}

fn unsent() -> Reply {
    Reply::end(End::HandedBack)
}

struct Timed {
    outcome: Result<(), Error>,
    took: Duration,
    /// When each attempt began.
    begun: Vec<Duration>,
}

async fn run(mock: &Mock, policy: RetryPolicyBuilder, options: RequestOptions) -> Timed {
    let service = mock.replayed(policy.build().unwrap());
    let began = Instant::now();
    let outcome = wire::send(&service, request(options)).await.map(drop);
    Timed {
        outcome,
        took: began.elapsed(),
        begun: mock.seen().iter().map(|seen| seen.at - began).collect(),
    }
}

fn assert_late(timed: Timed, took: Duration) -> Error {
    let error = timed.outcome.unwrap_err();
    assert_eq!(error.refusal(), Refusal::DeadlineExceeded);
    assert!(error.is_timeout());
    assert_eq!(timed.took, took);
    error
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_an_attempt_that_is_not_answered() {
    let mock = Mock::new([Reply::Hang]);
    let policy = RetryPolicy::builder().deadline(ms(1_000));
    let timed = run(&mock, policy, RequestOptions::new()).await;
    let error = assert_late(timed, ms(1_000));
    assert_eq!(mock.running(), 0);
    assert!(!error.is_stale() && error.evidence().is_none());
    assert!(
        error.to_string().starts_with("the request took too long"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn one_deadline_spans_all_attempts() {
    let mock = Mock::new([
        unsent().after(ms(400)),
        unsent().after(ms(400)),
        Reply::Ok.after(ms(400)),
    ]);
    let policy = RetryPolicy::builder().deadline(ms(1_000));
    let timed = run(&mock, policy, RequestOptions::new()).await;
    assert_eq!(timed.begun, [ms(0), ms(400), ms(800)]);
    let error = assert_late(timed, ms(1_000));
    // The last attempt was cut short, and nothing is known of it: what ended the ones before was not what failed.
    assert_eq!(error.attempts().len(), 3);
    let last = error.attempts().last().unwrap();
    assert!(last.evidence().is_none());
    assert_eq!(last.decided(), Verdict::Refuse(Refusal::DeadlineExceeded));
    assert!(
        error.to_string().contains("sent again 2 time(s)"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_request_may_bring_a_deadline_of_its_own() {
    let policy = || RetryPolicy::builder().deadline(ms(1_000));
    for own in [ms(300), ms(5_000)] {
        let options = RequestOptions::new().deadline(own);
        let mock = Mock::new([Reply::Hang]);
        assert_late(run(&mock, policy(), options).await, own);
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_holds_for_a_request_that_is_never_replayed() {
    let options = RequestOptions::new().never_replay().deadline(ms(300));
    let mock = Mock::new([Reply::Hang]);
    assert_late(run(&mock, RetryPolicy::builder(), options).await, ms(300));
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_time_is_not_touched() {
    let mock = Mock::new([unsent().after(ms(400)), Reply::Ok.after(ms(500))]);
    let policy = RetryPolicy::builder().deadline(ms(1_000));
    let timed = run(&mock, policy, RequestOptions::new()).await;
    timed.outcome.unwrap();
    assert_eq!(timed.took, ms(900));
}

#[tokio::test(start_paused = true)]
async fn no_pause_is_begun_that_the_deadline_would_cut_off() {
    let mock = Mock::new([unsent().after(ms(500))]);
    let policy = RetryPolicy::builder()
        .deadline(ms(1_000))
        .pause(Pause::Fixed(ms(600)));
    let timed = run(&mock, policy, RequestOptions::new()).await;
    let error = assert_late(timed, ms(500));
    // Nothing was waited for, and what happened to the attempt is told.
    assert!(error.evidence().is_some() && std::error::Error::source(&error).is_some());
}

#[tokio::test(start_paused = true)]
async fn the_deadline_counts_the_pauses() {
    let mock = Mock::new([unsent().after(ms(100)), Reply::Hang]);
    let policy = RetryPolicy::builder()
        .deadline(ms(1_000))
        .pause(Pause::Fixed(ms(600)));
    let timed = run(&mock, policy, RequestOptions::new()).await;
    assert_eq!(timed.begun, [ms(0), ms(700)]);
    assert_late(timed, ms(1_000));
}

#[tokio::test(start_paused = true)]
async fn the_deadline_passes_while_the_service_is_not_ready() {
    let mock = Mock::new([unsent()]).unready([0, usize::MAX]);
    let policy = RetryPolicy::builder().deadline(ms(1_000)).build().unwrap();
    let service = mock.replayed(policy);
    let call =
        tokio::spawn(async move { wire::send(&service, request(RequestOptions::new())).await });
    // The mock wakes itself, so that the clock has to be moved by hand.
    wire::settle().await;
    tokio::time::advance(ms(1_000)).await;
    let error = call.await.unwrap().unwrap_err();
    assert!(error.is_timeout());
    assert_eq!(mock.calls(), 1);
    // The failure of the one attempt there was is told, with its cause.
    assert!(error.evidence().is_some() && std::error::Error::source(&error).is_some());
    assert!(!error.to_string().contains("sent again"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_deadline_passes_while_the_form_is_collected() {
    let mock = Mock::new([Reply::FailUnread(sample::lost())]);
    let choice = NonIdempotent::AsGet;
    let policy = RetryPolicy::builder()
        .non_idempotent(choice)
        .deadline(ms(1_000));
    let service = mock.replayed(policy.build().unwrap());
    let body = Frames::data([Bytes::from("q=")]).waiting();
    let request = Request::post("http://mock/").body(body).unwrap();
    let error = wire::send(&service, request).await.unwrap_err();
    // The failure of the attempt is told, with its cause.
    assert!(error.is_timeout() && error.is_stale());
    assert_eq!((error.attempts().len(), mock.calls()), (1, 1));
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_fixed_pause_is_the_same_before_every_replay() {
    let mock = Mock::new([unsent(), unsent(), Reply::Ok]);
    let policy = RetryPolicy::builder().pause(Pause::Fixed(ms(100)));
    let timed = run(&mock, policy, RequestOptions::new()).await;
    timed.outcome.unwrap();
    assert_eq!(timed.begun, [0, 100, 200].map(ms));
}

#[tokio::test(start_paused = true)]
async fn an_exponential_pause_doubles_up_to_its_max() {
    let proof = || Reply::end(End::Closed(SecondLook::NeverAcknowledged));
    let mock = Mock::new([unsent(), proof(), unsent(), proof(), Reply::Ok]);
    let (base, max, jitter) = (ms(100), ms(300), Jitter::None);
    let policy = RetryPolicy::builder().pause(Pause::Exponential { base, max, jitter });
    let timed = run(&mock, policy, RequestOptions::new()).await;
    timed.outcome.unwrap();
    assert_eq!(timed.begun, [0, 100, 300, 600, 900].map(ms));
}

#[tokio::test(start_paused = true)]
async fn jitter_only_shortens_a_pause() {
    let mock = Mock::new([unsent(), unsent(), Reply::Ok]);
    let (base, max, jitter) = (ms(100), ms(200), Jitter::Full);
    let policy = RetryPolicy::builder().pause(Pause::Exponential { base, max, jitter });
    let timed = run(&mock, policy, RequestOptions::new()).await;
    timed.outcome.unwrap();
    // A timer of tokio's goes off at the next whole millisecond.
    assert!(timed.begun[1] <= ms(101), "{:?}", timed.begun);
    assert!(
        timed.begun[2] <= timed.begun[1] + ms(201),
        "{:?}",
        timed.begun
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_pause_no_time_passes() {
    let mock = Mock::new([unsent(), unsent(), Reply::Ok]);
    let timed = run(&mock, RetryPolicy::builder(), RequestOptions::new()).await;
    timed.outcome.unwrap();
    assert_eq!(timed.took, ms(0));
}
