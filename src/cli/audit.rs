//! `latchkey audit`: verifies the chain, in the database or in an export, and exports.

use super::{policy::system_user, reader, say, settings, tell};
use crate::{
    actions::audit::{export_from_terminal, is_empty, moment},
    config::Settings,
    store::{
        audit::{
            NotVerified,
            export::{CSV_HEAD, Export, Format},
            has_link, verify,
        },
        read::audit::AuditSearch,
    },
};
use anyhow::{Context, bail};
use latchkey_domain::audit::{
    UnreadableLinks,
    export::{BrokenExport, LONGEST_LINE_BYTES, VerifiedExport, Verifier},
};
use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, BufWriter, ErrorKind, IsTerminal, Read, Write, stderr},
    path::{Path, PathBuf},
    process::ExitCode,
};

#[derive(Debug, clap::Subcommand)]
pub enum AuditCommand {
    /// Check every link of the hash chain, and every event against its bytes
    ///
    /// Without a file it checks the database, in one snapshot. With a file it checks a JSONL export, without database
    /// and configuration, and names the first line that does not hold.
    Verify(VerifyArgs),
    /// Write events out of the audit log; the export is itself an event
    ///
    /// JSONL has every link of the chain, with the events that match the filters and stubs (hashes) of the others, so
    /// that `latchkey audit verify FILE` can check it anywhere. CSV has the matching events alone: it is for
    /// spreadsheets, and nothing can be verified by it.
    Export(ExportArgs),
}

#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    /// A JSONL export; `-` for standard input [default: the database]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Demand that a link has this hash: a head that was kept elsewhere
    #[arg(long, value_name = "HASH", value_parser = hash)]
    head: Option<[u8; 32]>,
}

#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// Events that concern this person, by handle
    #[arg(long, value_name = "HANDLE")]
    person: Option<String>,
    /// What this person, or process, did
    #[arg(long, value_name = "HANDLE")]
    actor: Option<String>,
    /// Events on this cluster
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// What happened: `grant.ended`, or `grant` for all events about grants
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
    /// From this day (UTC) or moment: 2026-10-01, 2026-10-01T08:00:00Z
    #[arg(long, value_name = "WHEN", default_value = "", hide_default_value = true)]
    from: String,
    /// Up to and including this day (UTC), or before this moment
    #[arg(long, value_name = "WHEN", default_value = "", hide_default_value = true)]
    to: String,
    /// `jsonl` verifies offline; `csv` is for spreadsheets and cannot be verified
    #[arg(long, value_name = "FORMAT", default_value = "jsonl", value_parser = ["jsonl", "csv"])]
    format: String,
    /// The file to write [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Who exports it, for the audit log [default: the user of this system]
    #[arg(long, value_name = "WHO")]
    by: Option<String>,
}

pub async fn run(config: Option<&Path>, command: AuditCommand) -> anyhow::Result<ExitCode> {
    match command {
        AuditCommand::Verify(VerifyArgs { file: Some(file), head }) => verify_file(&file, head),
        AuditCommand::Verify(VerifyArgs { file: None, head }) => verify_database(&settings(config)?, head).await,
        AuditCommand::Export(args) => export(&settings(config)?, &args).await,
    }
}

/// What is printed if the chain has the link of `--head`.
const FOUND: &str = "a link has the hash that was kept: it is that chain, and goes on from there";

fn hash(text: &str) -> Result<[u8; 32], &'static str> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| "a hash has 64 hexadecimal digits")?;
    Ok(bytes)
}

async fn verify_database(settings: &Settings, kept: Option<[u8; 32]>) -> anyhow::Result<ExitCode> {
    let terminal = stderr().is_terminal();
    let progress = |links| {
        if terminal {
            let _ = write!(stderr(), "\r{links} links");
        }
    };
    let store = reader(settings).await?;
    let verified = verify(store.pool(), progress).await;
    if terminal {
        let _ = write!(stderr(), "\r");
    }
    match verified {
        Ok(verified) => {
            let (links, head) = (verified.links, hex::encode(verified.head));
            say(format_args!("the audit chain holds: {links} links, the last is {head}"))?;
            if verified.unsealed > 0 {
                say(format_args!("{} newest events are not linked yet", verified.unsealed))?;
            }
            name_unreadable(&verified.unreadable);
            let Some(kept) = kept else { return Ok(ExitCode::SUCCESS) };
            if !has_link(&store, &kept).await.context("failed to look for the hash that was kept")? {
                tell(format_args!("no link has the hash that was kept: it is another chain, or was cut"));
                return Ok(ExitCode::FAILURE);
            }
            say(format_args!("{FOUND}"))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(NotVerified::Broken(broken)) => {
            tell(format_args!("{broken}"));
            Ok(ExitCode::FAILURE)
        }
        Err(NotVerified::Store(error)) => Err(error).context("failed to verify the audit chain"),
    }
}

/// Names the events that cannot be read, one a line. The chain holds all the same, so the command exits with success.
fn name_unreadable(unreadable: &UnreadableLinks) {
    if unreadable.count > 0 {
        tell(format_args!("{unreadable}"));
    }
}

fn verify_file(path: &Path, kept: Option<[u8; 32]>) -> anyhow::Result<ExitCode> {
    let name = path.display();
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path).with_context(|| format!("failed to open {name}"))?)
    };
    let mut found = kept.is_none();
    let verified = verify_lines(BufReader::new(source), |head| found |= kept.as_ref() == Some(head))
        .with_context(|| format!("failed to read {name}"))?;
    let verified = match verified {
        Ok(verified) => verified,
        Err(broken) => {
            tell(format_args!("{name} does not hold: {broken}"));
            return Ok(ExitCode::FAILURE);
        }
    };
    let VerifiedExport { header, head, unreadable } = verified;
    if !found {
        tell(format_args!(
            "{name} holds by itself, but no link of it has the hash that was kept: it is another chain, or was cut"
        ));
        return Ok(ExitCode::FAILURE);
    }
    say(format_args!(
        "{name} holds: {} links, {} events shown, the last link is {}",
        header.last,
        header.shown,
        hex::encode(head)
    ))?;
    name_unreadable(&unreadable);
    say(format_args!(
        "its header says, which nothing proves: of installation {}, as of {}, {}",
        header.installation, header.exported_at, header.filters
    ))?;
    say(format_args!(
        "{}",
        match kept {
            Some(_) => FOUND,
            None => "compare the last link with a hash kept elsewhere (--head): a chain made anew would hold, too",
        }
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Of a file whose last line is not whole.
const CUT: &str = "the file was cut: it ends in the middle of this line";

/// Verifies an export line by line; `seen` is called with each link's hash.
fn verify_lines(
    mut reader: impl BufRead,
    mut seen: impl FnMut(&[u8; 32]),
) -> io::Result<Result<VerifiedExport, BrokenExport>> {
    let (mut verifier, mut line) = (Verifier::new(), Vec::new());
    let longest = u64::try_from(LONGEST_LINE_BYTES).unwrap_or(u64::MAX);
    loop {
        line.clear();
        if reader.by_ref().take(longest + 1).read_until(b'\n', &mut line)? == 0 {
            return Ok(verifier.end());
        }
        let broken = |why: &str| BrokenExport { line: verifier.lines() + 1, why: why.to_owned() };
        if line.len() > LONGEST_LINE_BYTES {
            return Ok(Err(broken("it is longer than a line of an export can be")));
        }
        let is_cut = !line.ends_with(b"\n");
        let Ok(text) = std::str::from_utf8(&line) else {
            return Ok(Err(broken(if is_cut { CUT } else { "it is not text" })));
        };
        if verifier.lines() == 0 && text.trim_end() == CSV_HEAD.trim_end() {
            return Ok(Err(broken("this is the CSV, by which nothing can be verified: export it as JSONL")));
        }
        if let Err(broken) = verifier.line(text) {
            // Each line of an export has its end.
            return Ok(Err(if is_cut { BrokenExport { why: CUT.to_owned(), ..broken } } else { broken }));
        }
        if verifier.lines() > 1 {
            seen(verifier.head());
        }
    }
}

async fn export(settings: &Settings, args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let Some(format) = Format::parse(&args.format) else { bail!("there is no format `{}`", args.format) };
    let wanted = AuditSearch {
        actor: args.actor.clone(),
        person: args.person.clone(),
        cluster: args.cluster.clone(),
        action: args.action.clone(),
        from: moment(&args.from, false).context("--from is not a time")?,
        until: moment(&args.to, true).context("--to is not a time")?,
        before: None,
    };
    if is_empty(wanted.from, wanted.until) {
        bail!("the period from --from to --to ends before it begins");
    }
    let by = args.by.clone().unwrap_or_else(system_user);
    let store = reader(settings).await?;
    let (mut export, recorded) =
        export_from_terminal(&store, &by, &wanted, format).await.context("nothing was exported")?;
    if !recorded {
        tell(format_args!("this database takes no writes, so its audit log does not say that it was exported"));
    }
    match &args.output {
        Some(path) => {
            let file = create(path).with_context(|| format!("failed to make {}", path.display()))?;
            if let Err(error) = write(&mut export, BufWriter::new(file)).await {
                return Err(error.context(format!("{} is not whole: remove it", path.display())));
            }
        }
        None => match write(&mut export, io::stdout().lock()).await {
            // A reader that has read enough (`| head`) is not an error.
            Err(error) if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == ErrorKind::BrokenPipe) => {}
            other => other?,
        },
    }
    let header = export.header();
    tell(format_args!("exported {} events of {} links, the last is {}", header.shown, header.last, header.head));
    Ok(ExitCode::SUCCESS)
}

/// Creates a file that only its owner can read. An existing file is kept, since it may be evidence.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

async fn write(export: &mut Export, mut output: impl Write) -> anyhow::Result<()> {
    while let Some(part) = export.part().await.context("the export broke off")? {
        output.write_all(part.as_bytes())?;
    }
    Ok(output.flush()?)
}
