//! What each scenario must give: every row of the table, in cleartext and over TLS, on both runtimes.
//!
//! A [`Row`](row::Row) says what the peer does and when the request under test comes; it is played for each
//! [`Mode`](mode::Mode) and each [`Call`](call::Call), and every play is checked by itself. A table cell is thus one closure.

mod answered;
mod blocked;
mod call;
mod executed;
mod fresh;
mod herd;
mod idle;
mod invalid;
mod kinds;
pub mod mode;
mod play;
mod row;
mod silent;
mod streamed;
mod unread;
mod upload;
