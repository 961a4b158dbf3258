//! The audit chain: how fast it is linked, walked, verified and exported.

use crate::{
    figures::{Table, rate, timed},
    history::History,
};
use jiff::SignedDuration;
use latchkey::{
    actions::audit::export_from_terminal,
    store::{
        audit::{self, export::Format, is_full, walk},
        read::audit::AuditSearch,
    },
};
use std::time::{Duration, Instant};

/// Samples of each export, up to its first byte.
const FIRST_BYTES: usize = 3;

/// Links both chains; the rates are those of the large one.
pub async fn measure(small: &History, large: &History, table: &mut Table) {
    seal(small).await;
    let (events, took) = timed(seal(large)).await;
    rate("sealer: events linked", events, took);
    large.settle().await;
    small.settle().await;
    let (links, took) = timed(walked(large)).await;
    rate("the worker's walk, without its pauses: links", links, took);
    walked(small).await;
    let (verified, took) = timed(audit::verify(large.town.worker.pool(), |_| {})).await;
    rate("audit verify: links", verified.unwrap().links, took);
    for (name, format, person) in [
        ("audit export, JSONL, everything: links", Format::Jsonl, None),
        ("audit export, JSONL, one person's: links", Format::Jsonl, Some("crowd-7")),
        ("audit export, CSV, everything: events", Format::Csv, None),
    ] {
        let wanted = AuditSearch { person: person.map(str::to_owned), ..AuditSearch::default() };
        let (rows, took) = timed(whole(large, &wanted, format)).await;
        rate(name, rows, took);
        let mut first = [Vec::new(), Vec::new()];
        for _ in 0..FIRST_BYTES {
            first[0].push(first_byte(small, &wanted, format).await);
            first[1].push(first_byte(large, &wanted, format).await);
        }
        let [small, large] = first;
        table.add(format!("{} to its first byte", name.rsplit_once(':').unwrap().0), small, large);
    }
    println!();
}

async fn seal(history: &History) -> u64 {
    let mut sealed = 0;
    loop {
        let now = audit::seal(history.town.worker.pool()).await.unwrap();
        sealed += now;
        if !is_full(now) {
            return sealed;
        }
    }
}

async fn walked(history: &History) -> u64 {
    loop {
        match walk::step(&history.town.worker, SignedDuration::ZERO).await.unwrap() {
            walk::WalkStep::Went => {}
            walk::WalkStep::Verified(links) => return links,
            other => panic!("{other:?}"),
        }
    }
}

async fn whole(history: &History, wanted: &AuditSearch, format: Format) -> u64 {
    let (mut export, _) = export_from_terminal(&history.town.owner, "a bench", wanted, format).await.unwrap();
    while export.part().await.unwrap().is_some() {}
    match format {
        Format::Jsonl => export.header().last,
        Format::Csv => export.header().shown,
    }
}

async fn first_byte(history: &History, wanted: &AuditSearch, format: Format) -> Duration {
    let from = Instant::now();
    let (mut export, _) = export_from_terminal(&history.town.owner, "a bench", wanted, format).await.unwrap();
    export.part().await.unwrap();
    from.elapsed()
}
