//! Header blocks are decoded as the RFC says, and as hyper encodes them.

use std::panic::catch_unwind;

use http::Request;

use super::clients::{client, collect, full};
use crate::peer_h2::hpack::Decoder;
use crate::peer_h2::{Peer2, Script2, Tls};

fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<char> = hex.chars().filter(|digit| *digit != ' ').collect();
    let octet = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
    digits.chunks(2).map(octet).collect()
}

fn decoded(decoder: &mut Decoder, hex: &str) -> Vec<String> {
    let fields = decoder.decode(&octets(hex)).into_iter();
    fields
        .map(|(name, value)| format!("{name}={value}"))
        .collect()
}

/// Appendices C.3 and C.4: the same requests without and with Huffman's code.
#[test]
fn the_examples_of_the_rfc() {
    let plain = [
        "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "8286 84be 5808 6e6f 2d63 6163 6865",
        "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
    ];
    let coded = [
        "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
        "8286 84be 5886 a8eb 1064 9cbf",
        "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
    ];
    let first = [
        ":method=GET",
        ":scheme=http",
        ":path=/",
        ":authority=www.example.com",
    ];
    for [one, two, three] in [plain, coded] {
        let mut decoder = Decoder::default();
        assert_eq!(decoded(&mut decoder, one), first);
        let second = [&first[..], &["cache-control=no-cache"]].concat();
        assert_eq!(decoded(&mut decoder, two), second);
        let third = [
            ":method=GET",
            ":scheme=https",
            ":path=/index.html",
            ":authority=www.example.com",
            "custom-key=custom-value",
        ];
        assert_eq!(decoded(&mut decoder, three), third);
    }
}

#[test]
fn a_smaller_table_forgets_the_oldest() {
    let mut decoder = Decoder::default();
    decoded(&mut decoder, "4101 61 4101 62");
    assert_eq!(
        decoded(&mut decoder, "be bf"),
        [":authority=b", ":authority=a"]
    );
    // Room for one entry of 10 + 1 + 32.
    assert_eq!(decoded(&mut decoder, "3f0c be"), [":authority=b"]);
    assert!(catch_unwind(move || decoded(&mut decoder, "bf")).is_err());
}

#[tokio::test]
async fn whatever_hyper_encodes() {
    let peer = Peer2::start(Tls::Off, |_| Script2::new().serve_forever());
    let client = client(&peer);
    let printable: String = (' '..='~').collect();
    for n in 0..40 {
        let path = format!("/{}?q={n}", "x".repeat(n * 13));
        // Of many sizes, repeated and not, so that entries are found, added and evicted.
        let values = [
            printable.repeat(1 + n % 3),
            n.to_string(),
            "same".to_owned(),
        ];
        let mut request = Request::get(peer.url(&path));
        for (name, value) in ["x-long", "x-n", "x-same"].iter().zip(&values) {
            request = request.header(*name, value.trim());
        }
        let response = client.request(request.body(full("")).unwrap()).await;
        collect(response.unwrap()).await.unwrap();
        assert_eq!(peer.executed("GET", &path), 1);
        let headers = peer.executions()[n].headers.clone();
        for (name, value) in ["x-long", "x-n", "x-same"].iter().zip(&values) {
            let field = ((*name).to_owned(), value.trim().to_owned());
            assert!(headers.contains(&field), "{n}: {headers:?}");
        }
    }
}
