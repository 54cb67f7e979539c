//! The frames of HTTP/2 as they come, for the sake of GOAWAY.
//!
//! Apart from h2, which hides it: without an error it is to it an ordinary end. Invariant: bytes are counted over, in
//! whatever pieces they come, and nothing is kept but the frame's first bytes.

/// RFC 9113, 6.8.
const GOAWAY: u8 = 7;

/// A frame's head; and of its payload, what a GOAWAY has before its debug data.
const HEAD: usize = 9;
const PAYLOAD: usize = 8;

/// What a GOAWAY said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GoAway {
    /// The last stream that it may have processed; the greatest number there is announces another GOAWAY.
    pub(crate) last_stream: u32,
    /// The error code; 0 is none.
    pub(crate) code: u32,
}

/// Reads frames.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// The head of the current frame, and the beginning of its payload.
    begun: Vec<u8>,
    /// How much of its payload is not read yet.
    left: usize,
}

impl Frames {
    /// Takes what was read, and says whether a GOAWAY was in it: the first one.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> Option<GoAway> {
        let mut found = None;
        while !bytes.is_empty() {
            let wanted = if self.begun.len() < HEAD {
                HEAD - self.begun.len()
            } else {
                self.left
            };
            let (piece, rest) = bytes.split_at(wanted.min(bytes.len()));
            bytes = rest;
            if self.begun.len() < HEAD {
                self.begun.extend(piece);
                self.left = self.length();
            } else {
                let room = (HEAD + PAYLOAD).saturating_sub(self.begun.len());
                self.begun.extend(piece.iter().take(room));
                self.left -= piece.len();
            }
            if self.begun.len() >= HEAD && self.left == 0 {
                let ended = self.ended();
                found = found.or(ended);
            }
        }
        found
    }

    fn length(&self) -> usize {
        match self.begun[..] {
            [a, b, c, ..] if self.begun.len() == HEAD => {
                usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c)
            }
            _ => 0,
        }
    }

    /// A frame is complete.
    fn ended(&mut self) -> Option<GoAway> {
        let frame = std::mem::take(&mut self.begun);
        let number = |at: usize| Some(u32::from_be_bytes(frame.get(at..at + 4)?.try_into().ok()?));
        if frame.get(3) != Some(&GOAWAY) {
            return None;
        }
        Some(GoAway {
            last_stream: number(HEAD)? & 0x7fff_ffff,
            code: number(HEAD + 4)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: &[u8] = &[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100];
    const A_PING: &[u8] = &[0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
    const A_GOAWAY: &[u8] = &[0, 0, 11, 7, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 11, 1, 2, 3];
    const EMPTY: &[u8] = &[0, 0, 0, 4, 1, 0, 0, 0, 0];

    #[test]
    fn a_goaway_is_found_in_whatever_pieces_it_comes() {
        let all = [SETTINGS, EMPTY, A_PING, A_GOAWAY, EMPTY].concat();
        for size in 1..=all.len() {
            let mut frames = Frames::default();
            let pieces = all.chunks(size);
            let found: Vec<_> = pieces.filter_map(|piece| frames.read(piece)).collect();
            let goaway = GoAway {
                last_stream: 5,
                code: 11,
            };
            assert_eq!(found, [goaway], "pieces of {size}");
        }
    }
}
