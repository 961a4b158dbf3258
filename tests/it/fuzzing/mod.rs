//! The properties of the fuzz targets, tested on a number of texts made from the corpus and the examples.

mod policy;
mod properties;

use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use std::time::{Duration, Instant};

/// Pieces that decide what a text means.
const PIECES: &[&str] = &[
    "\n",
    "\r\n",
    "\t",
    " ",
    "- ",
    ": ",
    "# x\n",
    "\"",
    "'",
    "|\n",
    ">\n",
    "[",
    "]",
    "{",
    "}",
    ",",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "---\n",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\u{0}",
    "%",
    "%2e",
    "%00",
    "@",
    ":443",
    "//",
    "\\",
    "..",
    "?",
    "&",
    "=",
    "arn:aws:iam::111122223333:user/",
    "sts.amazonaws.com",
    "https://",
    "[[profiles]]\n",
    "= [",
    "é",
    "\u{1f511}",
];

fn seed() -> u64 {
    let given = std::env::var("LATCHKEY_SEED").ok().and_then(|seed| seed.parse().ok());
    let day = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs() / 86_400);
    given.unwrap_or(day)
}

/// One of the texts, cut, doubled, mixed with another or with [`PIECES`] at some places.
fn changed(texts: &[String], random: &mut StdRng) -> String {
    let mut text: Vec<char> = texts.choose(random).unwrap().chars().collect();
    for _ in 0..random.random_range(0..6) {
        let from = random.random_range(0..=text.len());
        let to = (from + random.random_range(0..12)).min(text.len());
        match random.random_range(0..4) {
            0 => drop(text.drain(from..to)),
            1 => drop(text.splice(from..from, PIECES.choose(random).unwrap().chars())),
            2 => {
                let piece: Vec<char> = text[from..to].to_vec();
                drop(text.splice(from..from, piece));
            }
            _ => {
                let other: Vec<char> = texts.choose(random).unwrap().chars().collect();
                let at = random.random_range(0..=other.len());
                text.truncate(from);
                text.extend(&other[at..]);
            }
        }
    }
    text.into_iter().take(1 << 16).collect()
}

/// The texts themselves. If `LATCHKEY_CORPUS` names a folder, they are also written there, where `cargo fuzz` looks for
/// the inputs that a target begins with.
fn kept_for(target: &str, texts: Vec<String>) -> Vec<String> {
    if let Some(corpus) = std::env::var_os("LATCHKEY_CORPUS") {
        let folder = std::path::Path::new(&corpus).join(target);
        std::fs::create_dir_all(&folder).unwrap();
        for (number, text) in texts.iter().enumerate() {
            std::fs::write(folder.join(format!("text-{number}")), text).unwrap();
        }
    }
    texts
}

fn run(what: &str, count: usize, texts: &[String], property: impl Fn(&str) + std::panic::RefUnwindSafe) {
    let seed = seed();
    let mut random = StdRng::seed_from_u64(seed);
    for _ in 0..count {
        let text = changed(texts, &mut random);
        let held = std::panic::catch_unwind(|| property(&text)).is_ok();
        assert!(held, "LATCHKEY_SEED={seed}: {what} of {text:?}");
    }
    println!("fuzz inputs: {count} of {what}, seed {seed}");
}

fn aws_auth_texts() -> Vec<String> {
    let corpus = include_str!("../../corpus/aws_auth/texts.jsonl");
    let data = corpus.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    data.flat_map(|case| case["data"].as_object().cloned().unwrap_or_default())
        .filter_map(|(_, text)| text.as_str().map(str::to_owned))
        .collect()
}

#[test]
fn any_aws_auth_is_read() {
    run("aws-auth read", 6_000, &kept_for("aws_auth_read", aws_auth_texts()), properties::aws_auth_read);
}

#[test]
fn any_edit_of_aws_auth_goes_without_a_trace() {
    run("aws-auth edited", 4_000, &kept_for("aws_auth_edit", aws_auth_texts()), properties::aws_auth_edit);
}

#[test]
fn any_policy_is_taken_whole_or_refused_with_a_fault() {
    let texts = [include_str!("../../../docs/examples/policy.toml").to_owned(), crate::town::POLICY.to_owned()];
    run("policy.toml", 1_500, &kept_for("policy", texts.into()), policy::is_taken_or_at_fault);
}

#[test]
fn any_pasted_token_leads_to_sts_or_nowhere() {
    let date = properties::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let url = |host: &str| {
        format!(
            "https://{host}/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=\
             AKIDEXAMPLE%2F20261124%2Feu-west-1%2Fsts%2Faws4_request&X-Amz-Date={date}&X-Amz-Expires=60&X-Amz-SignedHeaders=\
             host%3Bx-k8s-aws-id&X-Amz-Signature=0123456789abcdef"
        )
    };
    let texts = ["sts.eu-west-1.amazonaws.com", "sts.amazonaws.com", "sts.cn-north-1.amazonaws.com.cn"].map(url);
    let context = latchkey_domain::eks::token::ProofContext {
        cluster_id: properties::NONCE.to_owned(),
        now: properties::now(),
        partitions: vec![],
    };
    let token = latchkey_domain::eks::token::encode(&texts[0]);
    assert!(latchkey_domain::eks::token::PresignedIdentity::parse(&token, &context).is_ok(), "the sample is a proof");
    run("presigned tokens", 20_000, &kept_for("presigned_token", texts.into()), properties::presigned_token);
}

#[test]
fn any_arn_that_is_taken_reads_the_same_again() {
    let texts = [
        "arn:aws:iam::111122223333:user/latchkey/jane",
        "arn:aws:iam::111122223333:role/a/b/role",
        "arn:aws-cn:sts::111122223333:assumed-role/role/session",
        "arn:aws:eks:eu-west-1:111122223333:cluster/prod",
    ]
    .map(str::to_owned);
    run("ARNs", 30_000, &kept_for("arns", texts.into()), properties::arns);
}

#[test]
fn large_texts_take_no_longer_than_their_size() {
    let line = |piece: &str| piece.repeat((256 << 10) / piece.len());
    for piece in
        ["- ", "[", "{a: ", "&a ", "\"", "- userarn: x\n  username: y\n", "? ", "# x\n", "|\n", "é\n", "- - - \n"]
    {
        let begun = Instant::now();
        properties::aws_auth_read(&line(piece));
        assert!(begun.elapsed() < Duration::from_mins(1), "{piece:?} takes {:?}", begun.elapsed());
    }
}
