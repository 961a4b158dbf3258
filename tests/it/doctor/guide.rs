//! docs/operating.md, held to what is there.

use crate::town::Town;
use clap::CommandFactory as _;
use sqlx::AssertSqlSafe;

const GUIDE: &str = include_str!("../../../docs/operating.md");

/// From a `select` to its semicolon.
fn queries() -> Vec<&'static str> {
    let (mut rest, mut found) = (GUIDE, Vec::new());
    while let Some(at) = rest.find("select ") {
        let (query, after) = rest[at..].split_once(';').unwrap();
        found.push(query);
        rest = after;
    }
    found
}

#[tokio::test]
async fn every_query_of_the_guide_runs_as_either_process() {
    let town = Town::new().await;
    let queries = queries();
    assert!(queries.len() >= 8, "{queries:#?}");
    for query in queries {
        for store in [&town.web, &town.worker] {
            let answer = sqlx::query(AssertSqlSafe(query)).fetch_all(store.pool()).await;
            assert!(answer.is_ok(), "{query}: {answer:?}");
        }
    }
}

#[test]
fn every_command_of_the_guide_is_there() {
    let cli = latchkey::cli::Cli::command();
    let known: Vec<&str> = cli.get_subcommands().map(clap::Command::get_name).collect();
    let begins = |before: &str| before.ends_with(['`', '|']) || before.ends_with("| ") || before.ends_with("\n    ");
    let commands = GUIDE.match_indices("latchkey ").filter(|(at, _)| begins(&GUIDE[..*at]));
    let named = commands.map(|(at, name)| GUIDE[at + name.len()..].split([' ', '`', '\n', ';']).next().unwrap());
    let named: Vec<&str> = named.filter(|word| !word.is_empty()).collect();
    assert!(named.len() > 40, "{named:?}");
    for word in named {
        assert!(known.contains(&word), "`latchkey {word}` is no command: {known:?}");
    }
}
