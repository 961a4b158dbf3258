//! Exports of the audit log: what `latchkey audit export` writes, and what verifies it without a database.

use crate::{rig::tool, town::Town};
use jiff::Timestamp;
use latchkey::store::audit;
use latchkey_domain::audit::event::Event;
use latchkey_domain::{
    access::{EventDraft, InstallationId, transition::Actor},
    audit::{
        GENESIS, digest,
        export::{Filters, Header, line},
        link,
    },
};
use sqlx::Executor as _;
use std::{
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Instant,
};

/// A town whose log has ana's access and more; a folder with a configuration, in which the binary runs.
struct Desk {
    town: Town,
    folder: tempfile::TempDir,
}

impl Desk {
    async fn new() -> Self {
        let town = Town::new().await;
        town.grant().await;
        for number in 0..20 {
            let mut tx = town.worker.begin().await.unwrap();
            let now = tx.now().await.unwrap();
            let draft = EventDraft::new(Event::ClusterFenced { why: format!("=é \"{number}\"\n") }, Actor::worker());
            tx.event(&draft, now).await.unwrap();
            tx.commit().await.unwrap();
        }
        audit::seal(town.worker.pool()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let settings = "[server]\npublic_url = \"http://127.0.0.1:8080\"\n[login]\nissuer = \"http://127.0.0.1:9\"\nclient_id = \"latchkey\"\n";
        std::fs::write(folder.path().join("latchkey.toml"), settings).unwrap();
        Self { town, folder }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The binary with the database, which only exports need.
    async fn run(&self, arguments: &[&str]) -> Output {
        let mut command = latchkey(self.folder.path(), arguments);
        command.env("LATCHKEY_DATABASE__WEB_URL", self.town.database.url_as("latchkey_web"));
        output(command).await
    }

    /// A whole export.
    async fn export(&self, name: &str, filters: &[&str]) -> String {
        let output = self.run(&[&["audit", "export", "--output", name], filters].concat()).await;
        assert!(output.status.success(), "{}", err(&output));
        std::fs::read_to_string(self.file(name)).unwrap()
    }

    /// The binary without a database or a configuration, in a folder that has neither.
    async fn verify(&self, name: &str, more: &[&str]) -> Output {
        let path = self.file(name);
        let elsewhere = tempfile::tempdir().unwrap();
        output(latchkey(elsewhere.path(), &[&["audit", "verify", path.to_str().unwrap()], more].concat())).await
    }
}

fn latchkey(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command.args(arguments).current_dir(folder);
    command
}

async fn output(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The verifier of docs/audit-export.md.
fn python(folder: &Path) -> PathBuf {
    let document = include_str!("../../docs/audit-export.md");
    let program = document.split_once("```python\n").unwrap().1.split_once("```").unwrap().0;
    let path = folder.join("verify.py");
    std::fs::write(&path, program).unwrap();
    path
}

#[tokio::test]
async fn one_persons_export_verifies_offline_and_shows_nobody_elses_events() {
    let desk = Desk::new().await;
    let text = desk.export("ana.jsonl", &["--person", "ana", "--by", "eli"]).await;
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let shown: Vec<&str> = lines.iter().filter_map(|line| line.get("event")?.as_str()).collect();
    assert!(shown.len() >= 2 && shown.iter().all(|event| event.contains(&desk.town.person("ana").id.to_string())));
    assert!(!text.contains("cluster.fenced"), "a stub has no content");
    assert_eq!(i64::try_from(lines.len() - 1).unwrap(), desk.town.count("select count(*) from audit_link").await);
    let verified = desk.verify("ana.jsonl", &[]).await;
    assert!(verified.status.success(), "{}", err(&verified));
    let head = lines[0]["head"].as_str().unwrap();
    assert!(out(&verified).contains(&format!("{} events shown, the last link is {head}", shown.len())));
    // A head that was kept earlier is the hash of a link within the export.
    for kept in [head, lines[3]["hash"].as_str().unwrap()] {
        assert!(desk.verify("ana.jsonl", &["--head", kept]).await.status.success());
    }
    let other = desk.verify("ana.jsonl", &["--head", &"0".repeat(64)]).await;
    assert_eq!(other.status.code(), Some(1));
    assert!(err(&other).contains("no link of it has the hash that was kept"), "{}", err(&other));
    let said: String =
        sqlx::query_scalar("select convert_from(canonical, 'utf8') from event where action = 'audit.exported'")
            .fetch_one(desk.town.owner.pool())
            .await
            .unwrap();
    assert!(said.contains(r#""by":"eli","filters":{"person":"ana"},"format":"jsonl""#), "{said}");
    assert!(said.contains(&format!("\"rows\":{}", shown.len())), "{said}");
}

#[tokio::test]
async fn the_first_line_that_does_not_hold_is_named_by_the_command_and_found_by_the_documents_python() {
    let desk = Desk::new().await;
    let text = desk.export("all.jsonl", &[]).await;
    let program = python(desk.folder.path());
    let runs = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    if !runs {
        tool::skip("python3", "the document's verifier is not run");
    }
    let python = async |name: &str| {
        let mut command = Command::new("python3");
        command.arg(&program).arg(desk.file(name));
        output(command).await
    };
    assert!(desk.verify("all.jsonl", &[]).await.status.success());
    if runs {
        let holds = python("all.jsonl").await;
        let head = serde_json::from_str::<serde_json::Value>(text.lines().next().unwrap()).unwrap();
        assert_eq!(out(&holds).trim(), head["head"].as_str().unwrap(), "{}", err(&holds));
    }
    let lines: Vec<&str> = text.lines().collect();
    let joined = |lines: &[&str]| lines.join("\n") + "\n";
    let changed = lines[9].replace("cluster.fenced", "cluster.fen_ed");
    assert_ne!(changed, lines[9]);
    for (what, changed, told) in [
        ("a changed event", joined(&[&lines[..9], &[changed.as_str()], &lines[10..]].concat()), "line 10: "),
        ("a link left out", joined(&[&lines[..5], &lines[6..]].concat()), "line 6: link 5 is missing"),
        ("two links exchanged", joined(&[&lines[..5], &[lines[6], lines[5]], &lines[7..]].concat()), "line 6: "),
        ("the end cut off", joined(&lines[..lines.len() - 2]), "the file was cut: link "),
        (
            "a line cut in its middle",
            text[..text.len() - 40].to_owned(),
            "the file was cut: it ends in the middle of this",
        ),
        ("no line", String::new(), "line 1: there is no header"),
    ] {
        std::fs::write(desk.file("changed.jsonl"), changed).unwrap();
        let verified = desk.verify("changed.jsonl", &[]).await;
        assert_eq!(verified.status.code(), Some(1), "{what}");
        assert!(err(&verified).contains(told), "{what}: {}", err(&verified));
        if runs {
            assert!(!python("changed.jsonl").await.status.success(), "{what}: the document's verifier takes it");
        }
    }
    std::fs::write(desk.file("long.jsonl"), vec![b'x'; 500_000]).unwrap();
    assert!(err(&desk.verify("long.jsonl", &[]).await).contains("longer than a line"));
}

#[tokio::test]
async fn csv_is_guarded_against_formulas_and_says_that_it_cannot_verify() {
    let desk = Desk::new().await;
    // The two roles cannot record a process of this name; the owner of the schema can.
    let mut tx = desk.town.owner.begin().await.unwrap();
    let now = tx.now().await.unwrap();
    for evil in ["=HYPERLINK(\"http://evil.example\")", "@SUM(A1)"] {
        let evil = Actor::Process { name: evil.to_owned() };
        tx.event(&EventDraft::new(Event::RequestLapsed {}, evil), now).await.unwrap();
    }
    tx.commit().await.unwrap();
    audit::seal(desk.town.worker.pool()).await.unwrap();
    let text = desk.export("all.csv", &["--format", "csv"]).await;
    assert!(text.starts_with("seq,at,action,actor,"), "{text}");
    assert!(text.contains("\"'@SUM(A1)\"") && text.contains("\"'=HYPERLINK(\"\"http://evil.example\"\")\""), "{text}");
    assert!(!text.contains(",\"=") && !text.contains(",\"@"), "{text}");
    let rows = desk.export("some.csv", &["--format", "csv", "--person", "ana", "--cluster", "prod-eu"]).await;
    let (end, rows) =
        rows.lines().skip(1).collect::<Vec<_>>().split_last().map(|(end, rows)| (*end, rows.to_vec())).unwrap();
    assert!(rows.iter().all(|row| row.contains("\"ana\",\"prod-eu\"")), "{rows:?}");
    assert!(end.starts_with("\"end\",") && end.contains(&format!("whole: {} events of ", rows.len())), "{end}");
    let past = desk.export("past.csv", &["--format", "csv", "--to", "2001-01-01"]).await;
    assert_eq!(past.lines().count(), 2);
    assert!(past.lines().last().unwrap().contains("whole: 0 events of "), "{past}");
    let help = output(latchkey(desk.folder.path(), &["audit", "export", "--help"])).await;
    assert!(out(&help).contains("cannot be verified") && out(&help).contains("nothing can be verified by it"));
    let csv = desk.verify("all.csv", &[]).await;
    assert!(err(&csv).contains("line 1: this is the CSV, by which nothing can be verified"), "{}", err(&csv));
}

#[tokio::test]
async fn an_export_replaces_no_file_and_one_of_a_broken_chain_makes_none() {
    let desk = Desk::new().await;
    std::fs::write(desk.file("kept.jsonl"), "evidence").unwrap();
    let output = desk.run(&["audit", "export", "--output", "kept.jsonl"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(std::fs::read_to_string(desk.file("kept.jsonl")).unwrap(), "evidence");
    let mut tx = desk.town.owner.pool().begin().await.unwrap();
    tx.execute("set local session_replication_role = replica; delete from audit_link where seq = 4").await.unwrap();
    tx.commit().await.unwrap();
    let output = desk.run(&["audit", "export", "--output", "broken.jsonl"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("broken at link 4: it is missing"), "{}", err(&output));
    assert!(!desk.file("broken.jsonl").exists(), "it was seen before the first byte");
}

#[tokio::test]
async fn an_export_that_comes_to_an_older_link_that_does_not_hold_breaks_off_and_refuses_once_a_walk_found_it() {
    let desk = Desk::new().await;
    // More links than an export checks before its first byte.
    desk.town.seal_many(2_001).await;
    let mut tx = desk.town.owner.pool().begin().await.unwrap();
    tx.execute(
        "set local session_replication_role = replica;
         update event set action = 'test.other' where id = (select event_id from audit_link where seq = 4)",
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let output = desk.run(&["audit", "export", "--output", "broken.jsonl"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("broken at link 4: `action`"), "{}", err(&output));
    assert!(err(&output).contains("is not whole"), "{}", err(&output));
    let exported = async || desk.town.told("audit.exported").await;
    assert_eq!(exported().await, 1);
    desk.town.walk_the_chain().await;
    let output = desk.run(&["audit", "export", "--output", "refused.jsonl"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        err(&output).contains("nothing was exported: the audit chain is broken at link 4: `action`"),
        "{}",
        err(&output)
    );
    assert!(!desk.file("refused.jsonl").exists(), "it was seen before the first byte");
    assert_eq!(exported().await, 1, "nothing was given away");
}

#[tokio::test]
async fn no_export_leaves_out_an_event_that_was_kept_from_being_sealed() {
    for (who, statement) in [
        ("the worker's role", "delete from event_unsealed"),
        ("the owner", "delete from audit_link where seq = (select max(seq) from audit_link)"),
    ] {
        for format in ["jsonl", "csv"] {
            let desk = Desk::new().await;
            if who == "the owner" {
                let mut tx = desk.town.owner.pool().begin().await.unwrap();
                tx.execute("set local session_replication_role = replica").await.unwrap();
                tx.execute(statement).await.unwrap();
                tx.commit().await.unwrap();
            } else {
                let mut tx = desk.town.worker.begin().await.unwrap();
                let now = tx.now().await.unwrap();
                tx.event(&EventDraft::new(Event::RequestLapsed {}, Actor::worker()), now).await.unwrap();
                tx.commit().await.unwrap();
                desk.town.worker.pool().execute(statement).await.unwrap();
            }
            let output = desk.run(&["audit", "export", "--format", format, "--output", "file"]).await;
            assert_eq!(output.status.code(), Some(1), "{who}, {format}");
            let verified = desk.run(&["audit", "verify"]).await;
            assert!(err(&verified).contains("has no link, and does not wait for one (1 such event)"), "{who}");
            assert!(err(&output).contains(err(&verified).trim()), "{who}, {format}: {}", err(&output));
            assert!(!desk.file("file").exists());
            let told = desk.town.told("audit.exported").await;
            assert_eq!(told, 0, "nothing was given away");
        }
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_exported_as_its_bytes_and_named_offline() {
    let desk = Desk::new().await;
    // Events that a process's password sufficed to write before the database refused them.
    desk.town.write_unreadable(&[b"\x00", b"\xff\xfe", b"{\"action\":7}"]).await;
    audit::seal(desk.town.worker.pool()).await.unwrap();
    let text = desk.export("all.jsonl", &[]).await;
    assert!(text.contains(",\"event\":\"\\u0000\"}") && text.contains(",\"bytes\":\"fffe\"}"), "{text}");
    let verified = desk.verify("all.jsonl", &[]).await;
    assert!(verified.status.success(), "{}", err(&verified));
    assert_eq!(
        err(&verified).matches("cannot be read (its bytes are not an audit event: ").count(),
        3,
        "{}",
        err(&verified)
    );
    let program = python(desk.folder.path());
    if Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success()) {
        let mut command = Command::new("python3");
        command.arg(&program).arg(desk.file("all.jsonl"));
        let holds = output(command).await;
        assert!(holds.status.success(), "{}", err(&holds));
    } else {
        tool::skip("python3", "the document's verifier is not run");
    }
    let database = desk.run(&["audit", "verify"]).await;
    assert!(database.status.success(), "{}", err(&database));
    assert_eq!(err(&database).matches("cannot be read").count(), 3, "{}", err(&database));
    let rows = desk.export("all.csv", &["--format", "csv"]).await;
    assert_eq!(rows.matches("this event cannot be read: ").count(), 3, "{rows}");
    let stubs = desk.export("ana.jsonl", &["--person", "ana"]).await;
    assert!(!stubs.contains("\"bytes\":"), "{stubs}");
}

#[tokio::test]
async fn no_export_hides_an_event_whose_columns_were_changed() {
    for format in ["jsonl", "csv"] {
        let desk = Desk::new().await;
        let mut tx = desk.town.owner.pool().begin().await.unwrap();
        tx.execute("set local session_replication_role = replica; update event set person_id = null where id = (select event_id from audit_link where seq = 1)").await.unwrap();
        tx.commit().await.unwrap();
        let output = desk.run(&["audit", "export", "--person", "ana", "--format", format]).await;
        assert_eq!(output.status.code(), Some(1), "{format}");
        assert!(err(&output).contains("broken at link 1: `person_id`"), "{format}: {}", err(&output));
    }
}

#[tokio::test]
async fn a_chain_cut_below_what_the_worker_verified_does_not_hold() {
    let desk = Desk::new().await;
    assert!(audit::verify(desk.town.owner.pool(), |_| {}).await.is_ok());
    let done = async |statement: &'static str| {
        sqlx::raw_sql(statement).execute(desk.town.owner.pool()).await.unwrap();
    };
    done(
        "update audit_walk set verified_at = clock_timestamp(), verified_seq = l.seq, verified_hash = l.hash
         from (select * from audit_link order by seq desc limit 1) l",
    )
    .await;
    done(
        "set session_replication_role = replica; delete from event where id in (select event_id from audit_link where seq > 9);
         delete from audit_link where seq > 9; set session_replication_role = origin",
    )
    .await;
    let broken = async || audit::verify(desk.town.owner.pool(), |_| {}).await.unwrap_err().to_string();
    let told = broken().await;
    assert!(told.contains("broken at link 10: it is missing; the worker verified"), "{told}");
    // As if the worker had verified a different fifth link: the chain has the right length, but another link.
    done("update audit_walk set verified_seq = 5").await;
    let told = broken().await;
    assert!(told.contains("broken at link 5: it is not the link that the worker verified"), "{told}");
}

#[tokio::test]
async fn a_name_that_nobody_has_is_no_empty_export_and_a_kept_head_is_looked_for_in_the_database() {
    let desk = Desk::new().await;
    for (option, name, told) in [
        ("--person", "ama", "no person is called `ama` here (did you mean `ana`?)"),
        ("--cluster", "prod-ue", "no cluster is called `prod-ue` here (did you mean `prod-eu`?)"),
        ("--cluster", "elsewhere", "no cluster is called `elsewhere` here"),
        ("--actor", "wroker", "no person, and no process, is called `wroker` here (did you mean `worker`?)"),
        ("--action", "grant.endet", "no event has the action `grant.endet` (did you mean `grant.ended`?)"),
        ("--action", "grants", "no event has the action `grants` (did you mean `grant`?)"),
    ] {
        let output = desk.run(&["audit", "export", option, name, "--output", "none.jsonl"]).await;
        assert_eq!(output.status.code(), Some(1));
        assert!(err(&output).contains(told) && !desk.file("none.jsonl").exists(), "{}", err(&output));
    }
    let told = desk.town.told("audit.exported").await;
    assert_eq!(told, 0, "nothing was given away");
    // Actions that have not happened yet, and actions that only another version records.
    for (action, events) in [("session.ended", 0), ("cluster.fenced", 20), ("target", 0), ("request", 2)] {
        let text = desk.export(&format!("{action}.csv"), &["--format", "csv", "--action", action]).await;
        assert_eq!(text.lines().count(), events + 2, "{action}: {text}");
    }
    let output = desk.run(&["audit", "export", "--from", "2026-11-24", "--to", "2026-11-23"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("ends before it begins"), "{}", err(&output));
    let head: String = sqlx::query_scalar("select encode(hash, 'hex') from audit_link where seq = 3")
        .fetch_one(desk.town.owner.pool())
        .await
        .unwrap();
    assert!(desk.run(&["audit", "verify", "--head", &head]).await.status.success());
    let other = desk.run(&["audit", "verify", "--head", &"0".repeat(64)]).await;
    assert_eq!(other.status.code(), Some(1));
    assert!(err(&other).contains("no link has the hash that was kept"), "{}", err(&other));
}

/// With `LATCHKEY_LINKS=1000000` for the figures in the documents.
#[tokio::test]
async fn an_export_larger_than_any_test_needs_is_verified_a_line_at_a_time() {
    let links: u64 = std::env::var("LATCHKEY_LINKS").map_or(20_000, |links| links.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.jsonl");
    let (mut head, mut body) = (GENESIS, Vec::new());
    let made = |seq: u64, head: &[u8; 32]| {
        let digest = digest(&seq.to_be_bytes());
        (digest, link(seq, head, &digest))
    };
    for seq in 1..=links {
        head = made(seq, &head).1;
    }
    let installation = InstallationId(uuid::Uuid::from_u128(7));
    let filters = Filters { person: Some("ana".to_owned()), ..Filters::default() };
    let header = Header::new(installation, Timestamp::UNIX_EPOCH, filters, (links, head), 0);
    body.extend(header.line().unwrap().into_bytes());
    let mut file = BufWriter::new(std::fs::File::create(&path).unwrap());
    file.write_all(&body).unwrap();
    let mut previous = GENESIS;
    for seq in 1..=links {
        let (digest, hash) = made(seq, &previous);
        file.write_all(line(seq, &previous, &digest, &hash, None).as_bytes()).unwrap();
        previous = hash;
    }
    file.into_inner().unwrap().sync_all().unwrap();
    let megabytes = std::fs::metadata(&path).unwrap().len() / 1_000_000;
    let begun = Instant::now();
    let verified = output(latchkey(folder.path(), &["audit", "verify", path.to_str().unwrap()])).await;
    assert!(verified.status.success(), "{}", err(&verified));
    println!("audit: {links} stubs ({megabytes} MB) verified offline in {:.1} s", begun.elapsed().as_secs_f64());
}

#[tokio::test]
async fn commands_end_quietly_where_nobody_reads_what_they_print() {
    let desk = Desk::new().await;
    desk.export("all.jsonl", &[]).await;
    let told = "mapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/a\n    username: a\n    groups: [a]\n";
    std::fs::write(desk.file("aws-auth.yaml"), told).unwrap();
    for arguments in [
        &["audit", "verify", "all.jsonl"][..],
        &["audit", "verify"],
        &["audit", "export"],
        &["check"],
        &["check", "--policy", "nowhere.toml"],
        &["aws-auth", "lint", "aws-auth.yaml"],
        &["doctor"],
        &["--help"],
    ] {
        let read = desk.run(arguments).await;
        for both in [false, true] {
            let (reader, closed) = std::io::pipe().unwrap();
            drop(reader);
            let mut command = latchkey(desk.folder.path(), arguments);
            command.env("LATCHKEY_DATABASE__WEB_URL", desk.town.database.url_as("latchkey_web"));
            let unread = tokio::task::spawn_blocking(move || {
                if both {
                    command.stderr(closed.try_clone().unwrap());
                }
                command.stdout(closed).spawn().unwrap().wait_with_output().unwrap()
            });
            let unread = unread.await.unwrap();
            assert_eq!(unread.status.code(), read.status.code(), "{arguments:?}, {both}: {}", err(&unread));
            assert!(!err(&unread).contains("panic") && !err(&unread).contains("pipe"), "{}", err(&unread));
        }
    }
}
