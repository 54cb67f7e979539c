//! The budget: shared by all clones of the layer and of its services, and open about what it refuses.

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use tower::Layer;
use unstale::policy::Budget;
use unstale::verdict::{Grounds, Refusal};
use unstale::{Error, Replay, ReplayLayer, RetryPolicy};

use crate::mock::{Mock, Reply};
use crate::{sample, wire};

/// One token, and no more within the time of a test: the clock is paused.
fn one_token() -> ReplayLayer {
    let budget = Budget::new(0.0, 1).unwrap();
    ReplayLayer::new(RetryPolicy::builder().budget(budget).build().unwrap())
}

async fn get(service: &Replay<Mock>) -> Result<Vec<Grounds>, Error> {
    let request = Request::get("http://mock/").body(Full::<Bytes>::default());
    let response = wire::send(service, request.unwrap()).await?;
    Ok(wire::grounds(&response))
}

fn losing() -> Mock {
    Mock::new([Reply::Fail(sample::lost()), Reply::Ok])
}

#[tokio::test(start_paused = true)]
async fn clones_of_a_service_share_the_budget() {
    let lost = || Reply::Fail(sample::lost());
    let mock = Mock::new([lost(), Reply::Ok, lost()]);
    let service = one_token().layer(mock.clone());
    let clone = service.clone();
    assert_eq!(get(&service).await.unwrap(), [Grounds::Idempotent]);
    let error = get(&clone).await.unwrap_err();
    assert_eq!(
        (error.refusal(), mock.calls()),
        (Refusal::BudgetExhausted, 3)
    );
}

#[tokio::test(start_paused = true)]
async fn clones_of_a_layer_share_the_budget() {
    let layer = one_token();
    let one = layer.layer(losing());
    let two = layer.clone().layer(losing());
    assert_eq!(get(&one).await.unwrap(), [Grounds::Idempotent]);
    let error = get(&two).await.unwrap_err();
    assert_eq!(error.refusal(), Refusal::BudgetExhausted);
}

#[tokio::test(start_paused = true)]
async fn what_the_budget_refuses_says_so() {
    let layer = one_token();
    get(&layer.layer(losing())).await.unwrap();
    let error = get(&layer.layer(losing())).await.unwrap_err();
    let said = error.to_string();
    for phrase in ["the replay budget", "is spent", "raise the budget"] {
        assert!(said.contains(phrase), "{phrase:?} in {said:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_never_left_is_not_charged() {
    let layer = one_token();
    for _ in 0..5 {
        let mock = Mock::new([Reply::end(unstale::evidence::End::HandedBack), Reply::Ok]);
        assert_eq!(get(&layer.layer(mock)).await.unwrap(), [Grounds::NotSent]);
    }
    assert_eq!(
        get(&layer.layer(losing())).await.unwrap(),
        [Grounds::Idempotent]
    );
}

#[tokio::test(start_paused = true)]
async fn requests_that_go_well_fill_the_budget() {
    let budget = Budget::new(0.5, 0).unwrap();
    let policy = RetryPolicy::builder().budget(budget).build().unwrap();
    let layer = ReplayLayer::new(policy);
    // Half a token by each of these, and another half by the request itself.
    assert_eq!(get(&layer.layer(Mock::new([Reply::Ok]))).await.unwrap(), []);
    assert_eq!(
        get(&layer.layer(losing())).await.unwrap(),
        [Grounds::Idempotent]
    );
    let error = get(&layer.layer(losing())).await.unwrap_err();
    assert_eq!(error.refusal(), Refusal::BudgetExhausted);
}
