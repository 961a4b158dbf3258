//! What the commands, the portal and the worker say while an installation is not complete yet.

use crate::{
    command_line::{Desk, err, out},
    rig::{self, postgres::Postgres},
    town::POLICY,
};
use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const OWNER: &str = "LATCHKEY_DATABASE__OWNER_URL";

/// A database of this test's own, as it is before `latchkey migrate`.
async fn bare() -> rig::postgres::Database {
    let database = Postgres::shared().await.fresh_database().await;
    let pool = sqlx::PgPool::connect(&database.url()).await.unwrap();
    sqlx::raw_sql("drop schema public cascade; create schema public").execute(&pool).await.unwrap();
    pool.close().await;
    database
}

/// What a command says, without its warnings about the policy.
fn told(err: &str) -> String {
    err.lines().filter(|line| !line.contains(": warning: ")).map(|line| line.to_owned() + "\n").collect()
}

#[tokio::test]
async fn commands_say_in_one_sentence_that_nobody_migrated_the_database() {
    let (desk, database) = (Desk::new(), bare().await);
    for role in ["postgres", "latchkey_worker"] {
        let url = database.url_as(role);
        for arguments in [&["policy", "apply", "policy.toml"][..], &["policy", "show"], &["audit", "verify"]] {
            let output = desk.run(arguments, &[(OWNER, url.as_str())]).await;
            let said =
                format!("latchkey: the database `{}` has no schema yet: run `latchkey migrate`\n", database.name());
            assert_eq!((output.status.code(), told(&err(&output))), (Some(1), said), "{role} {arguments:?}");
        }
    }
}

#[tokio::test]
async fn commands_say_why_no_connection_comes_about() {
    let desk = Desk::new();
    let database = Postgres::shared().await.fresh_database().await;
    let nowhere = format!("postgres://postgres@127.0.0.1:{}/latchkey", rig::free_port());
    for (url, why) in [
        (nowhere, "Connection refused"),
        (database.url_as("somebody"), "role \"somebody\" does not exist"),
        (database.url().replace(database.name(), "another"), "database \"another\" does not exist"),
    ] {
        for arguments in [&["migrate"][..], &["policy", "apply", "policy.toml"], &["audit", "verify"]] {
            let output = desk.run(arguments, &[(OWNER, url.as_str())]).await;
            assert_eq!(output.status.code(), Some(1));
            let said = told(&err(&output));
            assert!(said.lines().count() == 1 && said.matches(why).count() == 1, "{arguments:?}: {said}");
        }
    }
}

#[tokio::test]
async fn the_portal_says_why_its_database_lets_it_in_nowhere() {
    let desk = Desk::new();
    let database = Postgres::shared().await.fresh_database().await;
    let url = database.url().replace(database.name(), "another");
    for (url, ready, logged) in [
        (
            database.url_as("somebody"),
            "the database refuses the role or its password\n",
            "role \\\"somebody\\\" does not exist",
        ),
        (url, "the server has no such database\n", "database \\\"another\\\" does not exist"),
    ] {
        let port = rig::free_port();
        let mut portal = desk
            .command(&["serve"])
            .env("LATCHKEY_SERVER__LISTEN", format!("127.0.0.1:{port}"))
            .envs([("LATCHKEY_SERVER__INTERNAL", "none"), ("LATCHKEY_DATABASE__WEB_URL", url.as_str())])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let address = format!("http://127.0.0.1:{port}/readyz");
        let deadline = Instant::now() + Duration::from_mins(1);
        let answer = loop {
            match reqwest::get(&address).await {
                Ok(answer) => break answer,
                Err(error) => assert!(Instant::now() < deadline, "the portal never answered: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.text().await.unwrap(), ready);
        let log = ended(&mut portal).await;
        let line = log.lines().find(|line| line.contains("the database cannot be used yet"));
        assert!(line.is_some_and(|line| line.matches(logged).count() == 1), "{log}");
    }
}

#[tokio::test]
async fn the_worker_says_once_that_its_database_lets_nobody_in() {
    let desk = Desk::new();
    let database = Postgres::shared().await.fresh_database().await;
    let mut worker = desk
        .command(&["worker"])
        .envs([("LATCHKEY_WORKER__INTERNAL", "none"), ("AWS_REGION", "eu-west-1")])
        .env("LATCHKEY_DATABASE__WORKER_URL", database.url_as("somebody"))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Each task of the worker meets the error before it ends, and so does the record of the worker's end.
    let log = ended_after("somebody", &mut worker).await;
    let about: Vec<&str> = log.lines().filter(|line| line.contains("somebody")).collect();
    let [said] = &about[..] else { panic!("{log}") };
    assert!(said.contains("the database cannot be used") && said.contains("\"level\":\"ERROR\""), "{log}");
    assert_eq!(said.matches("does not exist").count(), 1, "{said}");
}

/// Ends a process, and gives what it wrote.
async fn ended(process: &mut Child) -> String {
    ended_after("", process).await
}

/// The same once it wrote a line with this text.
async fn ended_after(text: &'static str, process: &mut Child) -> String {
    let (stderr, pid) = (process.stderr.take().unwrap(), process.id().to_string());
    let read = tokio::task::spawn_blocking(move || {
        let (mut log, mut asked) = (String::new(), false);
        for line in BufReader::new(stderr).lines() {
            log += &(line.unwrap() + "\n");
            if !asked && log.contains(text) {
                Command::new("kill").args(["-TERM", &pid]).status().unwrap();
                asked = true;
            }
        }
        log
    });
    let log = read.await.unwrap();
    assert!(process.wait().unwrap().success(), "{log}");
    log
}

#[tokio::test]
async fn a_head_that_was_kept_is_said_to_be_found() {
    let desk = Desk::new();
    let database = Postgres::shared().await.fresh_database().await;
    let url = database.url();
    let variables = [(OWNER, url.as_str())];
    std::fs::write(desk.file("policy.toml"), POLICY).unwrap();
    let applied = desk.run(&["policy", "apply", "policy.toml"], &variables).await;
    assert!(applied.status.success(), "{}", err(&applied));
    let worker = latchkey::store::Store::connect(&database.url_as("latchkey_worker").parse().unwrap(), 1);
    latchkey::store::audit::seal(worker.pool()).await.unwrap();
    let verified = out(&desk.run(&["audit", "verify"], &variables).await);
    let head = verified.lines().next().and_then(|line| line.rsplit(' ').next()).unwrap();
    let found = "a link has the hash that was kept";
    let kept = desk.run(&["audit", "verify", "--head", head], &variables).await;
    assert!(kept.status.success() && out(&kept).contains(found), "{} {}", out(&kept), err(&kept));
    for (format, file) in [("jsonl", "log.jsonl"), ("csv", "log.csv")] {
        let made = desk.run(&["audit", "export", "--format", format, "--output", file], &variables).await;
        assert!(made.status.success(), "{}", err(&made));
    }
    let kept = desk.run(&["audit", "verify", "log.jsonl", "--head", head], &[]).await;
    assert!(kept.status.success() && out(&kept).contains(found), "{} {}", out(&kept), err(&kept));
    let csv = desk.run(&["audit", "verify", "log.csv"], &[]).await;
    let said = "log.csv does not hold: line 1: this is the CSV, by which nothing can be verified: export it as JSONL\n";
    assert_eq!((csv.status.code(), err(&csv).as_str()), (Some(1), said));
}
