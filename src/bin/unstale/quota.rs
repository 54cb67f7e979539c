//! How many requests one connection carries.
//!
//! Apart from the survey, as no idleness is in it: one request after another over one connection. Invariant: it stops at the
//! announced number, and at the first answer that asks to slow down.

use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;

use crate::connection::{Answer, Ask, Connection, Lost, Protocol};
use crate::failure::Failure;
use crate::line::{Dialer, How, Line};

/// A body of more than this is not asked for again.
const LARGE: usize = 64 * 1024;

/// How many requests one connection carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quota {
    /// No end was seen after so many.
    AtLeast(usize),
    /// It ended after so many; whether the last answer said so.
    Ends { after: usize, announced: bool },
    /// The server asked to slow down, or had no answer, after so many.
    Stopped { after: usize },
}

/// What the first answers said.
#[derive(Clone, Debug)]
pub(crate) struct First {
    pub(crate) status: StatusCode,
    pub(crate) server: Option<String>,
    /// `Keep-Alive`, and whether it came only because the request asked for it.
    pub(crate) keep_alive: Option<KeepAlive>,
    pub(crate) round_trip: Option<Duration>,
    /// HTTP/2: how long a PING took, if it was answered.
    pub(crate) ping: Option<Duration>,
    /// Whether to send HEAD from here on, as the answer is large.
    pub(crate) ask: Ask,
}

/// The field `Keep-Alive` of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeepAlive {
    pub(crate) timeout: Option<Duration>,
    pub(crate) max: Option<u64>,
    pub(crate) when_asked: bool,
}

impl KeepAlive {
    fn of(answer: &Answer, when_asked: bool) -> Option<Self> {
        let field = answer.field("keep-alive")?;
        let number = |name: &str| {
            let mut parameters = field.split(',').filter_map(|item| item.split_once('='));
            let found = parameters.find(|(key, _)| key.trim().eq_ignore_ascii_case(name));
            found?.1.trim().parse::<u64>().ok()
        };
        let (timeout, max) = (number("timeout"), number("max"));
        (timeout.is_some() || max.is_some()).then(|| Self {
            timeout: timeout.map(Duration::from_secs),
            max,
            when_asked,
        })
    }
}

/// A protocol that the server speaks, and a line over which nobody has spoken it yet.
pub(crate) type Spoken = (Protocol, Line);

/// One connection, asked until it ends, or often enough.
pub(crate) struct Asking<'a> {
    dialer: &'a Dialer,
    protocol: Protocol,
    connection: Connection,
    count: usize,
}

impl<'a> Asking<'a> {
    /// Takes a line and asks twice: whoever closes after one answer keeps no connection at all.
    pub(crate) async fn begin(
        dialer: &'a Dialer,
        (protocol, line): Spoken,
        head: bool,
    ) -> Result<(Self, First), Failure> {
        let connection = Connection::first(line, dialer, protocol).await?;
        let mut asking = Self {
            dialer,
            protocol,
            connection,
            count: 0,
        };
        let mut ask = Ask {
            head,
            keep_alive: false,
        };
        let answer = asking.first(ask).await?;
        ask.head |= answer.length > LARGE;
        let vitals = asking.connection.record.vitals();
        let ping = asking.connection.ping().await;
        let mut first = First {
            status: answer.status,
            server: answer.field("server").map(str::to_owned),
            keep_alive: KeepAlive::of(&answer, false),
            round_trip: vitals.map(|vitals| vitals.round_trip()),
            ping,
            ask,
        };
        let wanted = Ask {
            keep_alive: first.keep_alive.is_none(),
            ..ask
        };
        let second = asking.second(answer.is_last(), wanted).await?;
        first.keep_alive = first.keep_alive.or_else(|| KeepAlive::of(&second, true));
        Ok((asking, first))
    }

    async fn first(&mut self, ask: Ask) -> Result<Answer, Failure> {
        let answer = self.connection.get(ask).await;
        self.count = 1;
        answer.map_err(|lost| {
            lost.of_a_first_request(&self.connection.record, self.dialer, self.protocol)
        })
    }

    async fn second(&mut self, announced: bool, ask: Ask) -> Result<Answer, Failure> {
        let host = || self.dialer.target.authority.to_string();
        if announced {
            return Err(Failure::ClosesAnswered {
                host: host(),
                announced,
            });
        }
        let answer = self.connection.get(ask).await;
        self.count = 2;
        answer.map_err(|lost| match lost {
            Lost::Ended(_) => Failure::ClosesAnswered {
                host: host(),
                announced,
            },
            Lost::Silent | Lost::Unanswered => Failure::NoAnswer {
                host: host(),
                after: self.dialer.patience,
            },
            Lost::NotHttp => {
                lost.of_a_first_request(&self.connection.record, self.dialer, self.protocol)
            }
        })
    }

    /// Asks on, up to so many requests in all, and until so late.
    pub(crate) async fn on(mut self, most: usize, until: Instant, ask: Ask) -> Quota {
        while self.count < most && Instant::now() < until {
            let answer = self.connection.get(ask).await;
            match answer {
                Ok(answer) if is_slow_down(answer.status) => {
                    return Quota::Stopped { after: self.count };
                }
                Ok(answer) => {
                    self.count += 1;
                    if answer.is_last() || self.connection.record.end().is_some() {
                        return Quota::Ends {
                            after: self.count,
                            announced: answer.is_last() || self.protocol == Protocol::Http2,
                        };
                    }
                }
                Err(Lost::Ended(end)) => {
                    return Quota::Ends {
                        after: self.count,
                        announced: matches!(end.how, How::GoAway(_)),
                    };
                }
                Err(_) => return Quota::Stopped { after: self.count },
            }
        }
        Quota::AtLeast(self.count)
    }
}

fn is_slow_down(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE
}
