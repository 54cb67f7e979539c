//! One trial: a connection, a request, an idle age, and a second request, unless the server closes before.
//!
//! Apart from the survey, which runs several side by side. Invariant: an age counts from the arrival of the first answer's
//! last byte, to the arrival of the server's end or to the sending of the second request.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::connection::{Ask, Connection, Lost, Protocol};
use crate::failure::Failure;
use crate::line::{Dialer, How};
use crate::manners::{self, Close};

/// What came of one trial.
#[derive(Clone, Debug)]
pub(crate) struct Observation {
    /// How long the connection had been idle.
    pub(crate) age: Duration,
    pub(crate) seen: Seen,
}

#[derive(Clone, Debug)]
pub(crate) enum Seen {
    /// The second request was answered.
    Answered,
    /// The server closed the connection while it was idle.
    Closed(Close),
    /// No end was seen while it was idle, and the second request met one.
    Lost(Close),
    /// The second request was met by silence: nobody acknowledges it.
    Silent,
    /// The second request was taken, and not answered in time.
    Unanswered,
    /// It was idle and open when the survey was over.
    Open,
}

impl Seen {
    /// Whether the connection was of no more use at that age.
    pub(crate) fn is_death(&self) -> bool {
        !matches!(self, Self::Answered | Self::Open)
    }
}

/// When a trial's connection became idle, for those who count.
pub(crate) type IdleSince = watch::Sender<Option<Instant>>;

/// Runs one.
pub(crate) async fn run(
    dialer: Arc<Dialer>,
    protocol: Protocol,
    ask: Ask,
    age: Duration,
    idle: Arc<IdleSince>,
) -> Result<Observation, Failure> {
    let mut connection = Connection::open(&dialer, protocol).await?;
    let record = Arc::clone(&connection.record);
    let first = connection.get(ask).await;
    first.map_err(|lost| lost.of_a_first_request(&record, &dialer, protocol))?;
    record.forget_unasked();
    let since = record.last_byte();
    idle.send_replace(Some(since));

    let ended = timeout_at(since + age, record.ended()).await;
    // Its end may lie unread on a machine that is busy.
    let is_over = record.vitals().is_some_and(|vitals| vitals.is_ended());
    let closed = match ended {
        Err(_) if is_over => Some(record.ended().await),
        ended => ended.ok(),
    };
    if let Some(end) = closed {
        let close = manners::observe(&record, end).await;
        return Ok(Observation {
            age: end.at.saturating_duration_since(since),
            seen: Seen::Closed(close),
        });
    }

    let asked = Instant::now();
    let answer = connection.get(ask).await;
    // On a busy machine it leaves late. What is met by silence is sent again and again.
    let sent = match answer {
        Ok(_) | Err(Lost::Ended(_)) => record.last_sent().map_or(asked, |sent| sent.max(asked)),
        Err(_) => asked,
    };
    let age = sent.saturating_duration_since(since);
    let seen = match answer {
        // Late, and said so: it had given the connection up.
        Ok(answer) if answer.status == http::StatusCode::REQUEST_TIMEOUT => Seen::Lost(Close {
            how: record
                .end()
                .map_or(How::Fin { close_notify: None }, |end| end.how),
            said: Some(408),
            lingers: None,
            fin_after: None,
        }),
        Ok(_) => Seen::Answered,
        Err(Lost::Ended(end)) => Seen::Lost(manners::observe(&record, end).await),
        Err(Lost::Silent) => Seen::Silent,
        Err(Lost::Unanswered | Lost::NotHttp) => Seen::Unanswered,
    };
    Ok(Observation { age, seen })
}
