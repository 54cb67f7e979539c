//! The Huffman code of HPACK (RFC 7541, appendix B).
//!
//! The code is canonical: the lengths alone define it, because codes of one length follow each other in the order of their
//! symbols. Invariant: what is no code, or is padded otherwise than by at most seven ones, is refused.

/// How many bits each octet takes, and at last the end-of-string symbol.
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5,
    5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6,
    6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22,
    23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22,
    21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20,
    22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19,
    21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22,
    22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];

const LONGEST: u8 = 30;

pub(super) fn decode(coded: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::new();
    let mut rest = Bits { coded, at: 0 };
    while let Next::Octet(octet) = next(&mut rest)? {
        decoded.push(octet);
    }
    Some(decoded)
}

enum Next {
    Octet(u8),
    /// There were only padding bits left.
    End,
}

fn next(bits: &mut Bits<'_>) -> Option<Next> {
    // The code of the first symbol of the current length, and the code read so far.
    let (mut first, mut code) = (0_u32, 0_u32);
    for length in 1..=LONGEST {
        let Some(bit) = bits.next() else {
            let padding = (1 << (length - 1)) - 1;
            return (length <= 8 && code == padding).then_some(Next::End);
        };
        (first, code) = (first << 1, code << 1 | u32::from(bit));
        let of_length = |symbol: &usize| LENGTHS[*symbol] == length;
        let symbols = (0..LENGTHS.len()).filter(of_length);
        if let Some(symbol) = symbols.clone().nth((code - first) as usize) {
            // The end of the string stands in no string.
            return u8::try_from(symbol).ok().map(Next::Octet);
        }
        first += u32::try_from(symbols.count()).unwrap();
    }
    None
}

struct Bits<'a> {
    coded: &'a [u8],
    at: usize,
}

impl Iterator for Bits<'_> {
    type Item = bool;

    fn next(&mut self) -> Option<bool> {
        let octet = self.coded.get(self.at / 8)?;
        let bit = octet >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(bit == 1)
    }
}
