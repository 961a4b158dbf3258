//! An edit of an aws-auth with 5,000 entries, compared with a bare parse of the same text.
//!
//! `cargo bench -p latchkey-domain --bench aws_auth` prints both, and their ratio. An edit finds the place, makes the
//! change, reads the whole text again and compares every entry; the text before it is already read, as in the worker.
//! "With reading" is the edit and the reading before it, from bytes to bytes.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use latchkey_domain::eks::aws_auth::{AwsAuth, Data, Edit, is_yaml};

const ENTRIES: usize = 5_000;
const SAMPLES: usize = 60;

fn text() -> String {
    let mut text = String::new();
    for number in 0..ENTRIES {
        writeln!(
            text,
            "- userarn: arn:aws:iam::111122223333:user/latchkey/person-{number}\n  username: latchkey:person-{number}:1\n  \
             groups:\n  - readers"
        )
        .expect("writing to a string does not fail");
    }
    text
}

/// The values that half and nineteen twentieths of the samples do not exceed.
fn percentiles(mut samples: Vec<Duration>) -> (Duration, Duration) {
    samples.sort_unstable();
    (samples[samples.len() / 2], samples[samples.len() * 95 / 100])
}

fn measure(mut run: impl FnMut() -> usize) -> (Duration, Duration) {
    let samples = (0..SAMPLES).map(|_| {
        let start = Instant::now();
        assert!(std::hint::black_box(run()) > 0);
        start.elapsed()
    });
    percentiles(samples.collect())
}

fn main() {
    let text = text();
    let data = Data::from([("mapUsers".to_owned(), text.clone())]);
    let auth = AwsAuth::read(&data);
    assert_eq!(auth.identities().users.len(), ENTRIES);
    let add = Edit::AddUser {
        arn: "arn:aws:iam::111122223333:user/latchkey/new".to_owned(),
        username: "latchkey:new:1".to_owned(),
        groups: Vec::new(),
    };
    let middle = "arn:aws:iam::111122223333:user/latchkey/person-2500".to_owned();
    let remove = Edit::Remove { arn: middle };
    let edit = |auth: &AwsAuth, edit: &Edit| auth.edit(edit).expect("the edit is safe").at + 1;

    let parse = measure(|| usize::from(is_yaml(&text)));
    let rows = [
        ("bare parse", parse),
        ("read", measure(|| AwsAuth::read(&data).identities().users.len())),
        ("edit: add", measure(|| edit(&auth, &add))),
        ("edit: remove", measure(|| edit(&auth, &remove))),
        ("read and add", measure(|| edit(&AwsAuth::read(&data), &add))),
    ];
    println!("aws-auth with {ENTRIES} entries, {} KiB, {SAMPLES} samples", text.len() / 1024);
    println!("{:<14} {:>9} {:>9} {:>7}", "", "p50", "p95", "ratio");
    for (name, (half, most)) in rows {
        let ratio = half.as_secs_f64() / parse.0.as_secs_f64();
        let milliseconds = |duration: Duration| format!("{:.2} ms", duration.as_secs_f64() * 1e3);
        println!("{name:<14} {:>9} {:>9} {ratio:>6.2}x", milliseconds(half), milliseconds(most));
    }
}
