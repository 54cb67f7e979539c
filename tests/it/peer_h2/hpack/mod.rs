//! HPACK (RFC 7541), decoding only: as much as a server needs to know which request it reads.
//!
//! Its answers need no encoder: `:status: 200` is one octet of the static table. Invariant: every header block of a connection
//! goes through its one decoder, in order, because each may change the dynamic table; one that makes no sense panics.

mod huffman;

use std::collections::VecDeque;

/// Appendix A from index 1 on: name, and after a space the value.
const STATIC: &str = ":authority|:method GET|:method POST|:path /|:path /index.html|:scheme http|:scheme https|:status 200|\
    :status 204|:status 206|:status 304|:status 400|:status 404|:status 500|accept-charset|\
    accept-encoding gzip, deflate|accept-language|accept-ranges|accept|access-control-allow-origin|age|allow|\
    authorization|cache-control|content-disposition|content-encoding|content-language|content-length|\
    content-location|content-range|content-type|cookie|date|etag|expect|expires|from|host|if-match|\
    if-modified-since|if-none-match|if-range|if-unmodified-since|last-modified|link|location|max-forwards|\
    proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after|server|set-cookie|\
    strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate";

/// The default of `SETTINGS_HEADER_TABLE_SIZE`, which the peer never changes.
const TABLE_SIZE: usize = 4096;

pub type Field = (String, String);

#[derive(Debug)]
pub struct Decoder {
    /// The newest entry first.
    dynamic: VecDeque<Field>,
    size: usize,
    limit: usize,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            dynamic: VecDeque::new(),
            size: 0,
            limit: TABLE_SIZE,
        }
    }
}

impl Decoder {
    /// Decodes a whole header block.
    ///
    /// # Panics
    ///
    /// If it is malformed.
    pub fn decode(&mut self, block: &[u8]) -> Vec<Field> {
        let mut fields = Vec::new();
        let mut block = Block(block);
        while let Some(&first) = block.0.first() {
            match first {
                0x80.. => {
                    let index = block.integer(7);
                    fields.push(self.entry(index).expect("an index of HPACK's tables"));
                }
                0x40.. => {
                    let field = self.literal(&mut block, 6);
                    self.insert(field.clone());
                    fields.push(field);
                }
                0x20.. => {
                    self.limit = block.integer(5);
                    assert!(self.limit <= TABLE_SIZE, "a table larger than allowed");
                    self.evict();
                }
                // Without indexing, or never to be indexed.
                _ => fields.push(self.literal(&mut block, 4)),
            }
        }
        fields
    }

    fn literal(&self, block: &mut Block<'_>, prefix: u32) -> Field {
        let name = match block.integer(prefix) {
            0 => block.string(),
            index => self.entry(index).expect("an index of HPACK's tables").0,
        };
        (name, block.string())
    }

    fn entry(&self, index: usize) -> Option<Field> {
        let index = index.checked_sub(1)?;
        let mut known = STATIC.split('|');
        if let Some(entry) = known.clone().nth(index) {
            let (name, value) = entry.split_once(' ').unwrap_or((entry, ""));
            return Some((name.to_owned(), value.to_owned()));
        }
        self.dynamic.get(index - known.by_ref().count()).cloned()
    }

    fn insert(&mut self, field: Field) {
        self.size += size(&field);
        self.dynamic.push_front(field);
        self.evict();
    }

    fn evict(&mut self) {
        while self.size > self.limit {
            let oldest = self.dynamic.pop_back().expect("an entry to evict");
            self.size -= size(&oldest);
        }
    }
}

/// What the RFC counts for an entry.
fn size((name, value): &Field) -> usize {
    name.len() + value.len() + 32
}

/// The rest of a header block.
struct Block<'a>(&'a [u8]);

impl Block<'_> {
    fn octet(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().expect("a whole header block");
        self.0 = rest;
        *first
    }

    fn integer(&mut self, prefix: u32) -> usize {
        let mask = (1_usize << prefix) - 1;
        let mut value = usize::from(self.octet()) & mask;
        if value < mask {
            return value;
        }
        for shift in (0..28).step_by(7) {
            let octet = self.octet();
            value += usize::from(octet & 0x7f) << shift;
            if octet & 0x80 == 0 {
                return value;
            }
        }
        panic!("an integer of more than 28 bits in a header block")
    }

    fn string(&mut self) -> String {
        let coded = self.0.first().is_some_and(|octet| octet & 0x80 != 0);
        let length = self.integer(7);
        let (octets, rest) = self.0.split_at_checked(length).expect("a whole string");
        self.0 = rest;
        let octets = if coded {
            huffman::decode(octets).expect("a string in HPACK's Huffman code")
        } else {
            octets.to_vec()
        };
        String::from_utf8(octets).expect("a header field in UTF-8")
    }
}
