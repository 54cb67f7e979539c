//! One HTTP/1.1 request as it is read, to the byte.
//!
//! Apart from the script's steps because it knows nothing of sockets. Invariant: not a byte past the part asked for is taken
//! from the source. What no sound client sends is a panic, which fails the test.

use std::io::{self, Read};

/// The most that is read at once of a body.
const PIECE: usize = 16 * 1024;

#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    rest: Rest,
}

/// What is to come of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    Nothing,
    Length(usize),
    ChunkSize,
    Chunk(usize),
}

impl Request {
    /// Reads to the empty line.
    pub(super) fn read_head(source: &mut impl Read) -> io::Result<Self> {
        let line = read_line(source)?;
        let [method, path, "HTTP/1.1" | "HTTP/1.0"] = *line.split(' ').collect::<Vec<_>>() else {
            panic!("malformed request line {line:?}");
        };
        let mut request = Self {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            rest: Rest::Nothing,
        };
        loop {
            let line = read_line(source)?;
            if line.is_empty() {
                break;
            }
            let Some((name, value)) = line.split_once(':') else {
                panic!("malformed header line {line:?}");
            };
            request
                .headers
                .push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        request.rest = request.framing();
        Ok(request)
    }

    /// Reads on in the body: at most `limit` decoded bytes, or to its end.
    pub(super) fn read_body(&mut self, source: &mut impl Read, limit: usize) -> io::Result<()> {
        let end = self.body.len().saturating_add(limit);
        while self.body.len() < end {
            let most = end - self.body.len();
            self.rest = match self.rest {
                Rest::Nothing => break,
                Rest::Length(left) => match left - self.read_piece(source, left.min(most))? {
                    0 => Rest::Nothing,
                    left => Rest::Length(left),
                },
                Rest::ChunkSize => read_chunk_size(source)?,
                Rest::Chunk(left) => match left - self.read_piece(source, left.min(most))? {
                    0 => {
                        assert_eq!(read_line(source)?, "", "malformed end of a chunk");
                        Rest::ChunkSize
                    }
                    left => Rest::Chunk(left),
                },
            };
        }
        Ok(())
    }

    pub(super) fn is_complete(&self) -> bool {
        self.rest == Rest::Nothing
    }

    fn framing(&self) -> Rest {
        let value = |name: &str| {
            self.headers
                .iter()
                .find(|(n, _)| n == name)
                .map(|(_, value)| value)
        };
        if value("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            return Rest::ChunkSize;
        }
        match value("content-length").map_or(0, |length| length.parse().unwrap()) {
            0 => Rest::Nothing,
            length => Rest::Length(length),
        }
    }

    fn read_piece(&mut self, source: &mut impl Read, most: usize) -> io::Result<usize> {
        let start = self.body.len();
        self.body.resize(start + most.min(PIECE), 0);
        let read = source.read(&mut self.body[start..]);
        self.body.truncate(start + *read.as_ref().unwrap_or(&0));
        match read? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => Ok(read),
        }
    }
}

/// A chunk's size; the last chunk is read with its trailers.
fn read_chunk_size(source: &mut impl Read) -> io::Result<Rest> {
    let line = read_line(source)?;
    let digits = line.split(';').next().unwrap_or_default();
    let size = usize::from_str_radix(digits, 16)
        .unwrap_or_else(|_| panic!("malformed chunk size {line:?}"));
    if size > 0 {
        return Ok(Rest::Chunk(size));
    }
    while !read_line(source)?.is_empty() {}
    Ok(Rest::Nothing)
}

/// Byte by byte: a buffered reader would take bytes that must stay unread in the kernel.
fn read_line(source: &mut impl Read) -> io::Result<String> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        let mut byte = [0];
        source.read_exact(&mut byte)?;
        line.extend(byte);
    }
    line.truncate(line.len() - 2);
    Ok(String::from_utf8_lossy(&line).into_owned())
}
