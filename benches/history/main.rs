//! What a large history costs: the sealer, the walk, `audit verify`, `audit export`, each page, and the worker's looks.
//! Each is compared with the same over a small history with the same people, clusters and running accesses; the ratio
//! is the figure.
//!
//!     cargo bench -p latchkey --bench history -- --events 1000000
//!
//! A second argument `--keep` keeps the server running until Enter, so that `psql` can show plans.
#![allow(clippy::unwrap_used, reason = "figures that cannot be taken fail, and say where")]
#![allow(clippy::disallowed_methods, reason = "tests look at the clock as people do")]

#[path = "../../tests/it/rig/mod.rs"]
mod rig;
#[path = "../../tests/it/town/mod.rs"]
#[allow(dead_code, unused_imports, reason = "what the town offers, not all of it is asked for here")]
mod town;

mod addresses;
mod chain;
mod figures;
mod history;
mod pages;
mod work;

use figures::Table;
use history::History;

/// Events of an access from its request to its end.
const EVENTS_OF_AN_ACCESS: u64 = 10;
/// Events of the small history, with which the large one is compared.
const SMALL: u64 = 1_000;
/// Events of the large history without `--events`: a minute in all, in a debug build.
const USUAL: u64 = 50_000;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime can be made");
    let words: Vec<String> = std::env::args().collect();
    let after = |name: &str| words.iter().position(|word| word == name).and_then(|at| words.get(at + 1));
    let events = after("--events").map_or(Ok(USUAL), |number| number.parse());
    let Ok(events) = events else {
        println!("--events takes a number");
        return;
    };
    runtime.block_on(run(events, words.iter().any(|word| word == "--keep")));
}

async fn run(events: u64, keep: bool) {
    let small = History::new(SMALL / EVENTS_OF_AN_ACCESS).await;
    let large = History::new(events / EVENTS_OF_AN_ACCESS).await;
    for history in [&small, &large] {
        println!("{}", history.size().await);
    }
    println!();
    let mut table = Table::default();
    // The sealer comes first: everything else reads what it linked.
    chain::measure(&small, &large, &mut table).await;
    large.settle().await;
    small.settle().await;
    if keep {
        println!("psql {}", large.town.database.url());
        let _ = std::io::stdin().read_line(&mut String::new());
    }
    pages::measure(&small, &large, &mut table).await;
    work::measure(&small, &large, &mut table).await;
    table.print();
}
