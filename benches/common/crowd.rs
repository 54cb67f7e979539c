//! Many connections at once: so many requests that none is answered before all of them wait.
//!
//! Apart because several benchmarks begin with a full pool. Invariant: afterwards there are exactly as many connections,
//! all idle; the server counts them.

use super::{Contestant, Outcome};

/// Has `count` connections in the pool of `contestant`. What has no pool gets them as contestants, which are given back.
///
/// `url` must be one of the server's `/gather/COUNT`.
pub(crate) async fn gather<C: Contestant>(
    contestant: &C,
    url: &C::Url,
    count: usize,
) -> Outcome<Vec<C>> {
    let mut tasks = Vec::with_capacity(count);
    for _ in 0..count {
        let mut another = contestant.another().await?;
        let url = url.clone();
        tasks.push(tokio::spawn(async move {
            another.get(&url).await?;
            Outcome::Ok(another)
        }));
    }
    let mut contestants = Vec::with_capacity(count);
    for task in tasks {
        contestants.push(task.await??);
    }
    settle().await;
    Ok(contestants)
}

/// Lets the connections' own tasks come to rest: a connection goes back to its pool after its answer was read.
pub(crate) async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}
