//! An export of the audit log that verifies without a database: a header, then one line for each link of the chain from
//! the first to the last. A link's line has its event's bytes, or only their hash (a *stub*) if the event is not shown.
//!
//! A line is a JSON object and ends with a newline; hashes are 64 hexadecimal digits.
//!
//! - The header: `format`, `version`, `installation`, `exported_at`, `filters`, `first` (always 1), `last`, `head` (the
//!   hash of the last link), `shown` (how many events it has).
//! - A link: `seq`, `previous`, `digest` (of the event's canonical bytes), `hash`; and, if it is shown, `event`: the
//!   canonical bytes as a string, or, if a process wrote bytes that are not text, `bytes`: these as hexadecimal digits.

use super::{GENESIS, UnreadableLinks, WrittenEvent, digest, link};
use crate::access::InstallationId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The header's `format`.
pub const FORMAT: &str = "latchkey audit export";
/// The header's `version`: a verifier refuses versions that it does not know.
pub const VERSION: u32 = 1;
/// The longest line: an event's bytes, each of which may become six as JSON, and the fields around them.
pub const LONGEST_LINE_BYTES: usize = super::EVENT_LIMIT_BYTES * 6 + 1024;

/// The filters that were asked for; `None` does not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filters {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Exclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
}

impl fmt::Display for Filters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |at: Option<Timestamp>| at.map(|at| at.to_string());
        let all = [
            ("actor", self.actor.clone()),
            ("person", self.person.clone()),
            ("cluster", self.cluster.clone()),
            ("action", self.action.clone()),
            ("from", time(self.from)),
            ("to", time(self.to)),
        ];
        let given: Vec<String> =
            all.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", value?))).collect();
        if given.is_empty() { f.write_str("every event") } else { write!(f, "events of {}", given.join(", ")) }
    }
}

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub format: String,
    pub version: u32,
    pub installation: InstallationId,
    pub exported_at: Timestamp,
    pub filters: Filters,
    pub first: u64,
    /// Zero if nothing was sealed yet.
    pub last: u64,
    pub head: String,
    /// How many events are shown.
    pub shown: u64,
}

impl Header {
    /// The header of a chain up to this link.
    pub fn new(
        installation: InstallationId,
        exported_at: Timestamp,
        filters: Filters,
        (last, head): (u64, [u8; 32]),
        shown: u64,
    ) -> Self {
        let (format, version, head) = (FORMAT.to_owned(), VERSION, hex::encode(head));
        Self { format, version, installation, exported_at, filters, first: 1, last, head, shown }
    }

    /// The header's line.
    ///
    /// # Errors
    /// Never for a header that [`Header::new`] made.
    pub fn line(&self) -> serde_json::Result<String> {
        serde_json::to_string(self).map(|line| line + "\n")
    }
}

/// A link as its line contains it.
#[derive(Debug, Deserialize)]
struct ExportedLink {
    seq: u64,
    previous: String,
    digest: String,
    hash: String,
    /// Absent in a stub; not null.
    #[serde(default, deserialize_with = "present")]
    event: Option<String>,
    /// The same as hexadecimal digits, if the event's bytes are not text.
    #[serde(default, deserialize_with = "present")]
    bytes: Option<String>,
}

impl ExportedLink {
    /// The event's bytes; `None` for a stub.
    fn canonical(&self) -> Result<Option<Vec<u8>>, String> {
        match (&self.event, &self.bytes) {
            (None, None) => Ok(None),
            (Some(event), None) => Ok(Some(event.as_bytes().to_vec())),
            (None, Some(bytes)) => {
                hex::decode(bytes).map(Some).map_err(|error| format!("`bytes` are not hexadecimal digits: {error}"))
            }
            (Some(_), Some(_)) => Err("it shows its event twice".to_owned()),
        }
    }
}

fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

/// The line of a link. `event` is the event's canonical bytes if the event is shown.
pub fn line(seq: u64, previous: &[u8; 32], digest: &[u8; 32], hash: &[u8; 32], event: Option<&[u8]>) -> String {
    let [previous, digest, hash] = [previous, digest, hash].map(hex::encode);
    let shown = event.map_or_else(String::new, |bytes| match std::str::from_utf8(bytes) {
        Ok(text) => format!(",\"event\":{}", serde_json::Value::from(text)),
        Err(_) => format!(",\"bytes\":\"{}\"", hex::encode(bytes)),
    });
    format!("{{\"seq\":{seq},\"previous\":\"{previous}\",\"digest\":\"{digest}\",\"hash\":\"{hash}\"{shown}}}\n")
}

/// An export that verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedExport {
    pub header: Header,
    pub head: [u8; 32],
    /// The shown events that cannot be read.
    pub unreadable: UnreadableLinks,
}

/// The first line that does not verify, counted from 1, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct BrokenExport {
    pub line: u64,
    pub why: String,
}

/// Verifies an export line by line: its memory does not grow with the export.
#[derive(Debug, Default)]
pub struct Verifier {
    lines: u64,
    header: Option<Header>,
    head: [u8; 32],
    shown: u64,
    unreadable: UnreadableLinks,
}

impl Verifier {
    /// A verifier that has seen no line yet.
    pub fn new() -> Self {
        Self { head: GENESIS, ..Self::default() }
    }

    /// How many lines it has seen.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// The hash of the last link that verified.
    pub fn head(&self) -> &[u8; 32] {
        &self.head
    }

    /// Takes the next line, with or without its line end.
    ///
    /// # Errors
    /// `BrokenExport` if it does not verify.
    pub fn line(&mut self, text: &str) -> Result<(), BrokenExport> {
        self.lines += 1;
        let result = match &self.header {
            None => self.first(text),
            Some(header) => {
                let last = header.last;
                self.next(text, last)
            }
        };
        result.map_err(|why| BrokenExport { line: self.lines, why })
    }

    fn first(&mut self, text: &str) -> Result<(), String> {
        let header: Header =
            serde_json::from_str(text).map_err(|error| format!("it is not a header of an audit export: {error}"))?;
        if header.format != FORMAT {
            return Err(format!("`{}` is not a format of audit exports", header.format));
        }
        if header.version != VERSION {
            return Err(format!("version {} of the format is not known here, only {VERSION}", header.version));
        }
        if header.first != 1 {
            return Err(format!("the export begins at link {}, and cannot be tied to the first", header.first));
        }
        self.header = Some(header);
        Ok(())
    }

    fn next(&mut self, text: &str, last: u64) -> Result<(), String> {
        let seq = self.lines - 1;
        let found: ExportedLink = serde_json::from_str(text).map_err(|error| format!("it is not a link: {error}"))?;
        if seq > last {
            return Err(format!("it comes after link {last}, which the header says is the last"));
        }
        if found.seq != seq {
            return Err(format!("link {seq} is missing; here stands {}", found.seq));
        }
        if hash(&found.previous)? != self.head {
            return Err(format!("link {seq} does not follow the one before it"));
        }
        let said = hash(&found.digest)?;
        if let Some(event) = found.canonical()? {
            if digest(&event) != said {
                return Err(format!("the event of link {seq} is not the one that was sealed: its bytes were changed"));
            }
            self.shown += 1;
            if let Err(why) = WrittenEvent::read(&event) {
                self.unreadable.add(seq, why.to_string());
            }
        }
        let computed = link(seq, &self.head, &said);
        if hash(&found.hash)? != computed {
            return Err(format!("the hash of link {seq} is not that of its event and the link before"));
        }
        self.head = computed;
        Ok(())
    }

    /// Ends the export.
    ///
    /// # Errors
    /// `BrokenExport` one line past the last, if the export ends too early or does not match its header.
    pub fn end(self) -> Result<VerifiedExport, BrokenExport> {
        let broken = |why: String| BrokenExport { line: self.lines + 1, why };
        let Some(header) = self.header else { return Err(broken("there is no header: the file is empty".to_owned())) };
        let links = self.lines - 1;
        if links < header.last {
            let missing = links + 1;
            let last = header.last;
            return Err(broken(format!("the file was cut: link {missing} is missing, and the last is {last}")));
        }
        if header.head != hex::encode(self.head) {
            return Err(broken(format!("the last link's hash is not the head of the header ({})", header.head)));
        }
        if header.shown != self.shown {
            let why = format!("{} events are shown, and the header says {}", self.shown, header.shown);
            return Err(broken(why));
        }
        if header.filters == Filters::default() && header.shown != header.last {
            return Err(broken("not every event is shown, and the header says that nothing was left out".to_owned()));
        }
        Ok(VerifiedExport { header, head: self.head, unreadable: self.unreadable })
    }
}

fn hash(text: &str) -> Result<[u8; 32], String> {
    let mut bytes = [0; 32];
    let lower = text.bytes().all(|byte| !byte.is_ascii_uppercase());
    let decoded = hex::decode_to_slice(text, &mut bytes).is_ok();
    if lower && decoded { Ok(bytes) } else { Err("a hash is not 64 hexadecimal digits".to_owned()) }
}

/// A cell of a CSV file, quoted. A text that a spreadsheet would take for a formula gets an apostrophe before it.
pub fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    /// An export of `count` links, with each `step`th shown.
    fn export(count: u64, step: u64) -> Vec<String> {
        let (mut lines, mut head, mut shown) = (vec![String::new()], GENESIS, 0);
        for seq in 1..=count {
            let event = format!("{{\"action\":\"test \u{e9}\",\"n\":{seq}}}");
            let own = digest(event.as_bytes());
            let hash = link(seq, &head, &own);
            let is_shown = seq % step == 0;
            shown += u64::from(is_shown);
            lines.push(line(seq, &head, &own, &hash, is_shown.then_some(event.as_bytes())));
            head = hash;
        }
        let installation = InstallationId(Uuid::from_u128(7));
        let person = (shown < count).then(|| "ana".to_owned());
        let filters = Filters { person, ..Filters::default() };
        let header = Header::new(installation, Timestamp::UNIX_EPOCH, filters, (count, head), shown);
        lines[0] = header.line().unwrap();
        lines
    }

    fn verify(lines: &[String]) -> Result<VerifiedExport, BrokenExport> {
        let mut verifier = Verifier::new();
        for line in lines {
            verifier.line(line)?;
        }
        verifier.end()
    }

    #[test]
    fn an_export_verifies_whatever_part_of_it_is_shown() {
        for (links, step) in [(0, 1), (1, 1), (20, 1), (20, 3), (20, 100)] {
            let verified = verify(&export(links, step)).unwrap();
            assert_eq!((verified.header.last, verified.header.shown), (links, links / step));
        }
    }

    #[test]
    fn the_first_line_that_does_not_hold_is_named() {
        type Change = fn(&mut Vec<String>);
        let cases: [(&str, Change, u64, &str); 15] = [
            ("a shown event", |l| l[3] = l[3].replace("test", "text"), 4, "its bytes were changed"),
            ("a stub's digest", |l| l[2] = l[2].replacen("digest\":\"", "digest\":\"0", 1), 3, "64 hexadecimal"),
            ("a link's hash", |l| l[5] = l[5].replace("\"hash\":\"", "\"hash\":\"g"), 6, "64 hexadecimal"),
            ("a link taken out", |l| drop(l.remove(4)), 5, "link 4 is missing; here stands 5"),
            ("two links changed places", |l| l.swap(4, 5), 5, "link 4 is missing"),
            ("a link twice", |l| l.insert(4, l[3].clone()), 5, "link 4 is missing; here stands 3"),
            ("the end cut", |l| l.truncate(8), 9, "the file was cut: link 8 is missing, and the last is 12"),
            ("more after the end", |l| l.push(export(13, 1)[13].clone()), 14, "comes after link 12"),
            ("the head of the header", |l| l[0] = l[0].replace("head\":\"", "head\":\"0"), 14, "not the head"),
            ("the number shown", |l| l[0] = l[0].replace("shown\":4", "shown\":5"), 14, "4 events are shown"),
            ("the filters", |l| l[0] = l[0].replace("{\"person\":\"ana\"}", "{}"), 14, "not every event is shown"),
            ("an event of nothing", |l| l[1] = l[1].replace('}', ",\"event\":null}"), 2, "it is not a link"),
            ("another version", |l| l[0] = l[0].replace("version\":1", "version\":2"), 1, "version 2"),
            ("a later beginning", |l| l[0] = l[0].replace("first\":1", "first\":2"), 1, "begins at link 2"),
            ("no header", |l| drop(l.remove(0)), 1, "not a header"),
        ];
        for (what, change, line, why) in cases {
            let mut lines = export(12, 3);
            change(&mut lines);
            let broken = verify(&lines).expect_err(what);
            assert!(broken.line == line && broken.why.contains(why), "{what}: {broken}");
        }
        assert_eq!(verify(&[]).unwrap_err().line, 1);
    }

    #[test]
    fn an_event_that_cannot_be_read_is_named_and_the_rest_is_held_to_its_hashes() {
        let id = Uuid::from_u128(7);
        let readable = format!(
            "{{\"action\":\"a.b\",\"actor\":{{\"process\":{{\"name\":\"worker\"}}}},\"at\":\"2026-11-24T14:02:10Z\",\"id\":\"{id}\"}}"
        );
        let events: [&[u8]; 4] = [readable.as_bytes(), b"\x00", b"\xff\xfe", readable.as_bytes()];
        let (mut lines, mut head) = (vec![], GENESIS);
        for (seq, event) in (1..).zip(events) {
            let hash = link(seq, &head, &digest(event));
            lines.push(line(seq, &head, &digest(event), &hash, Some(event)));
            head = hash;
        }
        assert!(lines[2].contains("\"bytes\":\"fffe\"") && !lines[2].contains("\"event\""), "{}", lines[2]);
        let header =
            Header::new(InstallationId(id), Timestamp::UNIX_EPOCH, Filters::default(), (4, head), 4).line().unwrap();
        lines.insert(0, header);
        let unreadable = verify(&lines).unwrap().unreadable;
        assert_eq!(unreadable.first.iter().map(|(link, _)| *link).collect::<Vec<_>>(), [2, 3]);
        assert!(
            unreadable.to_string().contains("the event of link 3 cannot be read (its bytes are not an audit event: ")
        );
        for (line, from, to) in
            [(3, "fffe", "fffd"), (3, "fffe", "fffg"), (4, "a.b", "a.c"), (2, "\"event\"", "\"bytes\"")]
        {
            let mut changed = lines.clone();
            changed[line] = changed[line].replace(from, to);
            assert_eq!(verify(&changed).unwrap_err().line, u64::try_from(line).unwrap() + 1, "{from} as {to}");
        }
    }

    #[test]
    fn a_chain_of_somebody_elses_making_does_not_follow() {
        let (mut lines, other) = (export(12, 3), export(12, 1));
        lines[7].clone_from(&other[7]);
        lines[8] = lines[8].replace(&lines[8][20..60], &lines[9][20..60]);
        let broken = verify(&lines).unwrap_err();
        assert!(broken.line == 9 && broken.why.contains("does not follow"), "{broken}");
    }

    #[test]
    fn what_a_spreadsheet_would_run_is_text() {
        let cells = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "a\"b", "plain, with\nlines"].map(cell);
        let wanted = [
            "\"'=1+1\"",
            "\"'+1\"",
            "\"'-1\"",
            "\"'@SUM(A1)\"",
            "\"'\tx\"",
            "\"'\rx\"",
            "\"a\"\"b\"",
            "\"plain, with\nlines\"",
        ];
        assert_eq!(cells, wanted);
    }
}
