//! docs/operating.md, compared with the code.

use crate::town::Town;
use clap::CommandFactory as _;
use sqlx::AssertSqlSafe;

const GUIDE: &str = include_str!("../../../docs/operating.md");

/// Each query, from its `select` to its semicolon.
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

/// The code: between backticks, also across lines, or indented by four spaces.
fn code() -> Vec<String> {
    let set_off = |line: &&str| line.starts_with("    ");
    let lines = GUIDE.lines().filter(set_off).flat_map(|line| line.split('#')).map(str::to_owned);
    let prose: Vec<&str> = GUIDE.lines().filter(|line| !set_off(line)).collect();
    let spans = prose.join("\n");
    lines.chain(spans.split('`').skip(1).step_by(2).map(str::to_owned)).collect()
}

/// The words after each `latchkey` that is a command.
fn commands(code: &[String]) -> Vec<Vec<&str>> {
    let parts = code.iter().flat_map(|code| code.split(['|', ';', '\\']));
    let typed = parts.filter_map(|part| {
        let words: Vec<&str> = part.split_whitespace().skip_while(|word| ["or:", "--"].contains(word)).collect();
        let after = words.iter().position(|word| *word == "--").map_or(0, |at| at + 1);
        let (first, rest) = words[after..].split_first()?;
        (*first == "latchkey" && !rest.is_empty()).then(|| rest.to_vec())
    });
    typed.collect()
}

/// What is wrong with a command: with its words and options, or with a value of which only some are possible.
fn fault(cli: &clap::Command, words: &[&str]) -> Option<String> {
    let (mut command, mut words) = (cli, words.iter());
    while let Some(word) = words.next() {
        if let Some(long) = word.strip_prefix("--") {
            let known = |own: &&clap::Arg| own.get_long() == Some(long);
            let everywhere = cli.get_arguments().filter(|own| own.is_global_set());
            let Some(option) = command.get_arguments().chain(everywhere).find(known) else {
                return Some(format!("no option {word}"));
            };
            let possible = option.get_possible_values();
            if option.get_action().takes_values() {
                let value = words.next().copied().unwrap_or_default();
                if value.is_empty() || !(possible.is_empty() || possible.iter().any(|own| own.matches(value, false))) {
                    return Some(format!("{word} {value}"));
                }
            }
        } else if command.has_subcommands() {
            let Some(below) = command.find_subcommand(word) else { return Some(format!("no command {word}")) };
            command = below;
        } else if command.get_positionals().next().is_none() {
            return Some(format!("nothing takes {word}"));
        }
    }
    command.has_subcommands().then(|| "of which?".to_owned())
}

#[test]
fn every_command_of_the_guide_is_there_with_its_options() {
    let cli = latchkey::cli::Cli::command();
    let code = code();
    let commands = commands(&code);
    assert!(commands.len() > 40, "{commands:#?}");
    let faults: Vec<String> = commands
        .iter()
        .filter_map(|words| fault(&cli, words).map(|fault| format!("latchkey {}: {fault}", words.join(" "))))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}
